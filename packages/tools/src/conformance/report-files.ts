import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report, ReportResult } from '@waybill/conformance'
import { workspaceRoot } from '../workspace.ts'
import type { Adapter } from './harnesses.ts'

/** Versions of what was verified, by package; the kit and the runtime among them. */
export function versionsOf(adapters: Iterable<Adapter>): Readonly<Record<string, string>> {
  const folders = ['packages/core', 'conformance', ...[...adapters].map(({ folder }) => folder)]
  const versions = folders.map((folder) => {
    const manifest: unknown = JSON.parse(readFileSync(join(workspaceRoot, folder, 'package.json'), 'utf8'))
    const { name, version } = manifest as { readonly name: string; readonly version: string }
    return [name, version] as const
  })
  return { node: process.versions.node, ...Object.fromEntries(versions) }
}

/** One file for each storage, broker and pair, in docs/conformance. Answers their names. */
export function writeReports(report: Report): readonly string[] {
  const folder = join(workspaceRoot, 'docs', 'conformance')
  mkdirSync(folder, { recursive: true })
  const files = Map.groupBy(report.results, fileOf)
  for (const [file, results] of files)
    writeFileSync(join(folder, file), `${JSON.stringify({ versions: report.versions, results }, null, 2)}\n`)
  return [...files.keys()]
}

function fileOf({ storage, broker }: ReportResult): string {
  if (storage !== undefined && broker !== undefined) return `relay-${storage}-${broker}.json`
  return storage === undefined ? `broker-${broker}.json` : `storage-${storage}.json`
}
