import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { consumerRules, effectsRules, inboxRules, publisherRules, relayRules, storageRules } from '@waybill/conformance'
import { workspaceRoot } from '../workspace.ts'
import { withGeneratedPart } from './generated-part.ts'
import { staleRules, storedReports } from './reports.ts'
import { renderRetries } from './retries.ts'
import { renderTables } from './tables.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const idsOf = (rules: readonly { readonly id: string }[]): ReadonlySet<string> => new Set(rules.map(({ id }) => id))
const suites = new Map([
  ['storage', idsOf(storageRules)],
  ['inbox', idsOf(inboxRules)],
  ['publisher', idsOf(publisherRules)],
  ['consumer', idsOf(consumerRules)],
  ['relay', idsOf(relayRules)],
  ['effects', idsOf(effectsRules)],
])

const reports = storedReports()
const problems = reports.flatMap((report) => {
  const stale = staleRules(report, suites)
  return stale.length === 0
    ? []
    : [`${report.file} is of other rules (${nameSome(stale)}): run \`npm run conformance\``]
})

const pages = new Map([
  ['README.md', renderTables(reports)],
  ['docs/how-to/retries-and-dead-letters.md', renderRetries(reports.flatMap(({ results }) => results))],
])
for (const [name, part] of pages) {
  const file = join(workspaceRoot, name)
  const text = readFileSync(file, 'utf8')
  const wanted = withGeneratedPart(text, part)
  if (wanted === null) problems.push(`${name} has no place for the results: see README.md`)
  else if (wanted !== text && values.check)
    problems.push(`${name} does not say what the reports say: run \`npm run docs:results\``)
  else if (wanted !== text) writeFileSync(file, wanted)
}

for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1

function nameSome(rules: readonly string[]): string {
  const others = rules.length - 3
  return others > 0 ? `${rules.slice(0, 3).join(', ')} and ${others} others` : rules.join(', ')
}
