import { readFileSync } from 'node:fs'

const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

/** The SQL of a section of the README, block by block. */
export function readmeSql(section: string): readonly string[] {
  const body = text.split(/^## /m).find((each) => each.startsWith(`${section}\n`)) ?? ''
  return [...body.matchAll(/^```sql\n(.*?)\n```$/gms)].map(([, sql = '']) => sql)
}

/** Blocks that hold several statements, none of them with a body of its own, statement by statement. */
export function statementsOf(sql: string): readonly string[] {
  return sql.split(';').filter((each) => each.trim() !== '')
}
