import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { consumerRules, inboxRules, publisherRules, relayRules, storageRules } from '@waybill/conformance'
import { workspaceRoot } from '../workspace.ts'
import { staleRules, storedReports } from './reports.ts'
import { renderTables } from './tables.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const idsOf = (rules: readonly { readonly id: string }[]): ReadonlySet<string> => new Set(rules.map(({ id }) => id))
const suites = new Map([
  ['storage', idsOf(storageRules)],
  ['inbox', idsOf(inboxRules)],
  ['publisher', idsOf(publisherRules)],
  ['consumer', idsOf(consumerRules)],
  ['relay', idsOf(relayRules)],
])

const reports = storedReports()
const problems = reports.flatMap((report) => {
  const stale = staleRules(report, suites)
  return stale.length === 0
    ? []
    : [`${report.file} is of other rules (${nameSome(stale)}): run \`npm run conformance\``]
})

const page = join(workspaceRoot, 'README.md')
const text = readFileSync(page, 'utf8')
const [begin, end] = ['<!-- results: npm run docs:results -->\n', '<!-- /results -->']
const [before, rest] = text.split(begin)
const after = rest?.split(end)[1]
if (before === undefined || after === undefined) {
  problems.push(`README.md has no place for the results: ${begin.trim()} … ${end}`)
} else {
  const wanted = `${before}${begin}${renderTables(reports)}\n${end}${after}`
  if (wanted !== text && values.check)
    problems.push('README.md does not say what the reports say: run `npm run docs:results`')
  if (wanted !== text && !values.check) writeFileSync(page, wanted)
}

for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1

function nameSome(rules: readonly string[]): string {
  const others = rules.length - 3
  return others > 0 ? `${rules.slice(0, 3).join(', ')} and ${others} others` : rules.join(', ')
}
