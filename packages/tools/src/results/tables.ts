import type { ReportResult } from '@waybill/conformance'
import { table } from './markdown.ts'
import { type StoredReport, score } from './reports.ts'

/** The tables of the README, in Markdown: each adapter by itself, and every storage with every broker. */
export function renderTables(reports: readonly StoredReport[]): string {
  const results = reports.flatMap((report) => report.results)
  return [adapterTable(reports), matrixTable(results, 'relay'), matrixTable(results, 'effects'), legend].join('\n\n')
}

const legend =
  'Rules passed of those that apply, at the levels required, stress and fault; **✗** tells how many failed. What does not apply\n' +
  'to an adapter is named in its [report](docs/conformance), with the reason.'

function adapterTable(reports: readonly StoredReport[]): string {
  const rows = reports
    .filter(({ results }) => results.every(({ storage, broker }) => storage === undefined || broker === undefined))
    .map(({ file, versions, results }) => {
      const name = results[0]?.storage ?? results[0]?.broker ?? ''
      const cells = ['storage', 'inbox', 'publisher', 'consumer'].map((contract) =>
        cell(results.filter((result) => result.contract === contract)),
      )
      return [`[${name}](${file})`, servers(versions), ...cells]
    })
  return table(['adapter', 'verified on', 'storage', 'inbox', 'publisher', 'consumer'], rows)
}

function matrixTable(results: readonly ReportResult[], wanted: string): string {
  const pairs = results.filter(({ contract }) => contract === wanted)
  const brokers = unique(pairs.map(({ broker }) => broker))
  const rows = unique(pairs.map(({ storage }) => storage)).map((storage) => [
    storage,
    ...brokers.map((broker) => cell(pairs.filter((each) => each.storage === storage && each.broker === broker))),
  ])
  return table([`${wanted} rules: storage \\ broker`, ...brokers], rows)
}

function cell(results: readonly ReportResult[]): string {
  if (results.length === 0) return ''
  const { passed, failed } = score(results)
  return failed > 0 ? `**✗ ${failed}** of ${passed + failed}` : `${passed} of ${passed}`
}

/** What is no package of ours, nor the runtime: the servers. */
function servers(versions: Readonly<Record<string, string>>): string {
  const names = Object.keys(versions).filter((name) => name !== 'node' && !name.startsWith('@waybill/'))
  return names.map((name) => `${name} ${versions[name]}`).join(', ')
}

function unique(names: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(names.filter((name) => name !== undefined))].toSorted()
}
