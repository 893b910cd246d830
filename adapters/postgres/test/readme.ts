import { readFileSync } from 'node:fs'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** The SQL of the README, block by block, of one section or of all. */
export function readmeSql(section?: string): readonly string[] {
  const sections = readme.split(/^## /m).filter((text) => section === undefined || text.startsWith(`${section}\n`))
  if (sections.length === 0) throw new RangeError(`The README has no section '${section}'`)
  return sections.flatMap((text) => [...text.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql = '']) => sql))
}
