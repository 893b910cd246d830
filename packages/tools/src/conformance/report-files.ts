import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report, ReportResult } from '@waybill/conformance'
import { workspaceRoot } from '../workspace.ts'
import type { Adapter } from './harnesses.ts'

export type Versions = Report['versions']

/** Versions of an adapter's package and of the servers that it is verified on. Starts them. */
export async function versionsOf({ folder, harnesses }: Adapter): Promise<Versions> {
  return { ...packageVersion(folder), ...(await harnesses.versions?.()) }
}

/** With what every report has: the runtime, and the kit. */
export function merged(versions: Iterable<Versions>): Versions {
  const common = ['packages/core', 'conformance'].map(packageVersion)
  return Object.assign({ node: process.versions.node }, ...common, ...versions)
}

/**
 * One file for each storage, broker and pair, in docs/conformance. Answers their names.
 *
 * @param versions - By the names of the adapters.
 */
export function writeReports(
  results: readonly ReportResult[],
  versions: ReadonlyMap<string, Versions>,
): readonly string[] {
  const folder = join(workspaceRoot, 'docs', 'conformance')
  mkdirSync(folder, { recursive: true })
  const files = Map.groupBy(results, fileOf)
  for (const [file, own] of files) {
    const names = own.flatMap(({ storage, broker }) => [storage, broker])
    const verified = names.map((name) => versions.get(name ?? '') ?? {})
    writeFileSync(join(folder, file), `${JSON.stringify({ versions: merged(verified), results: own }, null, 2)}\n`)
  }
  return [...files.keys()]
}

function packageVersion(folder: string): Versions {
  const manifest: unknown = JSON.parse(readFileSync(join(workspaceRoot, folder, 'package.json'), 'utf8'))
  const { name, version } = manifest as { readonly name: string; readonly version: string }
  return { [name]: version }
}

function fileOf({ storage, broker }: ReportResult): string {
  if (storage !== undefined && broker !== undefined) return `pair-${storage}-${broker}.json`
  return storage === undefined ? `broker-${broker}.json` : `storage-${storage}.json`
}
