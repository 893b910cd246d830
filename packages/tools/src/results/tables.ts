import type { ReportResult } from '@waybill/conformance'
import { type StoredReport, score } from './reports.ts'

/** Both tables, in Markdown: each adapter by itself, and every storage with every broker. */
export function renderTables(reports: readonly StoredReport[]): string {
  const results = reports.flatMap((report) => report.results)
  return [adapterTable(reports), matrixTable(results), legend].join('\n\n')
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

function matrixTable(results: readonly ReportResult[]): string {
  const pairs = results.filter(({ contract }) => contract === 'relay')
  const brokers = unique(pairs.map(({ broker }) => broker))
  const rows = unique(pairs.map(({ storage }) => storage)).map((storage) => [
    storage,
    ...brokers.map((broker) => cell(pairs.filter((each) => each.storage === storage && each.broker === broker))),
  ])
  return table(['relay rules: storage \\ broker', ...brokers], rows)
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

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
