import { checkBrowser } from './browser.ts'
import { checkCode } from './code.ts'
import { checkLinks } from './links.ts'

/** What a check found. */
export interface CheckResult {
  readonly name: string
  /** How many things were looked at. */
  readonly looked: number
  readonly problems: readonly string[]
  /** Why it did not run. */
  readonly skipped?: string
}

/** Looks at the site that has been built; the last line is one JSON object for whoever runs us. */
export async function check(): Promise<void> {
  const results: CheckResult[] = [checkCode(), checkLinks(), await checkBrowser()]
  for (const { name, looked, problems, skipped } of results) {
    console.log(
      `${name}: ${skipped === undefined ? `${looked} looked at, ${problems.length} problems` : `skipped, ${skipped}`}`,
    )
    for (const problem of problems) console.log(`  ${problem}`)
  }
  console.log(JSON.stringify({ checks: results }))
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1
}
