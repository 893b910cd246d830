import { basename } from 'node:path'
import type { Report, ReportResult } from '@waybill/conformance'
import { anchorOf, table } from '../markdown.ts'
import { find, isFile, read } from '../repository.ts'

interface StoredReport extends Report {
  /** `storage-postgres` */
  readonly name: string
}

function reports(): readonly StoredReport[] {
  return find('docs/conformance/*.json').map((file) => ({
    name: basename(file, '.json'),
    ...(JSON.parse(read(file)) as Report),
  }))
}

/** The tables of all reports. */
export function conformanceIndex(): string {
  const all = reports()
  const of = (kind: string) => all.filter(({ name }) => name.startsWith(`${kind}-`)).map(row)
  const counts = ['passed', 'failed', 'does not apply']
  return [
    '## Storages and inboxes',
    table(['storage', 'verified on', ...counts], of('storage')),
    '## Publishers and consumers',
    table(['broker', 'verified on', ...counts], of('broker')),
    '## Relay and effects rules, storage with broker',
    table(['storage and broker', 'verified on', ...counts], of('pair')),
  ].join('\n\n')
}

/** A page for each report: every rule with its result. */
export function conformancePages(): ReadonlyMap<string, string> {
  return new Map(reports().map((report) => [`conformance/${report.name}.md`, reportPage(report)]))
}

function row(report: StoredReport): readonly string[] {
  const { results } = report
  const sum = (count: (result: ReportResult) => number) => results.reduce((total, each) => total + count(each), 0)
  const failed = sum((result) => result.failed)
  return [
    `[${report.name.replace(/^(storage|broker|pair)-/, '')}](./${report.name}.md)`,
    servers(report),
    String(sum((result) => result.passed)),
    failed === 0 ? '0' : `**${failed}**`,
    String(sum((result) => result.skipped.length)),
  ]
}

function servers({ versions }: Report): string {
  const named = Object.entries(versions).filter(([name]) => name !== 'node' && !name.startsWith('@waybill/'))
  return named.map(([name, version]) => `${name} ${version}`).join(', ') || '–'
}

function reportPage(report: StoredReport): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`)
  const sections = report.results.map((result) =>
    [
      `## ${capitalized(result.contract)} rules, ${result.level}`,
      `${result.passed} passed, ${result.failed} failed, ${result.skipped.length} do not apply.`,
      table(
        ['rule', 'result'],
        result.rules.map(({ id, result: outcome, reason }) => [
          ruleLink(result.contract, id),
          reason === undefined ? outcome : `${outcome}: ${reason}`,
        ]),
      ),
    ].join('\n\n'),
  )
  const head = `---\noutline: 2\n---\n\n# ${report.name}`
  return [
    head,
    `What the [rules](/spec/index.md) found, with ${versions.join(', ')}. [All reports](./index.md)`,
    ...sections,
  ].join('\n\n')
}

function capitalized(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`
}

function ruleLink(contract: string, id: string): string {
  const page = `docs/spec/${contract}.md`
  return isFile(page) ? `[\`${id}\`](/spec/${contract}.md#${anchorOf(id)})` : `\`${id}\``
}
