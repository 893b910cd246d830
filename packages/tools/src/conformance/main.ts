import { parseArgs } from 'node:util'
import type { ReportResult } from '@waybill/conformance'
import { type Adapter, loadAdapters } from './harnesses.ts'
import { inParallel } from './in-parallel.ts'
import { merged, type Versions, versionsOf, writeReports } from './report-files.ts'
import { ofBroker, ofPair, ofStorage, type Verification, verify } from './verify.ts'

const { values } = parseArgs({
  options: {
    storage: { type: 'string' },
    broker: { type: 'string' },
    all: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: ['storages', 'brokers', 'pairs'] },
    // Most rules wait: several at a time need not be slower, and say the same.
    parallel: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
})

const say = (line: string): void => console.error(line)
const adapters = await loadAdapters()
const known = [...adapters.values()]
const storages = chosen(
  values.storage,
  known.filter(({ harnesses }) => harnesses.storage ?? harnesses.inbox),
)
const brokers = chosen(
  values.broker,
  known.filter(({ harnesses }) => harnesses.publisher ?? harnesses.consumer),
)

if (storages === undefined || brokers === undefined || storages.length + brokers.length === 0) {
  say(
    `usage: --storage S, --broker B, both, or --all, and --only storages|brokers|pairs, --parallel N; with harnesses: ${[...adapters.keys()].join(', ')}`,
  )
  process.exitCode = 1
} else {
  const versions = await start(new Set([...storages, ...brokers]))
  const available = ({ name }: Adapter) => versions.has(name)
  await run(storages.filter(available), brokers.filter(available), versions)
  if (versions.size < new Set([...storages, ...brokers]).size) process.exitCode = 1
}

/** Versions of those adapters whose servers could be started, by name. */
async function start(wanted: ReadonlySet<Adapter>): Promise<ReadonlyMap<string, Versions>> {
  const versions = new Map<string, Versions>()
  for (const adapter of wanted) {
    try {
      const found = await versionsOf(adapter)
      const text = Object.entries(found).map(([name, version]) => `${name} ${version}`)
      say(`${adapter.name}: ${text.join(', ')}`)
      versions.set(adapter.name, found)
    } catch (error) {
      say(`${adapter.name}: not verified: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return versions
}

async function run(
  storages: readonly Adapter[],
  brokers: readonly Adapter[],
  versions: ReadonlyMap<string, Versions>,
): Promise<void> {
  // Each of these becomes a report, which is written when it is complete: a run that is ended early is not for nothing.
  const plan: readonly (readonly Verification[])[] = [
    ...(values.only.includes('storages') ? storages.map(ofStorage) : []),
    ...(values.only.includes('brokers') ? brokers.map(ofBroker) : []),
    ...(values.only.includes('pairs') ? brokers.flatMap((broker) => storages.map((each) => ofPair(each, broker))) : []),
  ]
  const results: ReportResult[] = []
  try {
    const reports = await inParallel(plan, Number(values.parallel), (verifications) => report(verifications, versions))
    results.push(...reports.flat())
  } finally {
    for (const close of new Set([...storages, ...brokers].map((adapter) => adapter.close))) await close()
  }
  if (values.json) console.log(JSON.stringify({ versions: merged(versions.values()), results }))
  process.exitCode = results.some(({ level, failed }) => level !== 'provisional' && failed > 0) ? 1 : 0
}

async function report(
  verifications: readonly Verification[],
  versions: ReadonlyMap<string, Versions>,
): Promise<readonly ReportResult[]> {
  const results: ReportResult[] = []
  for (const verification of verifications) results.push(...(await verify(verification, say)))
  for (const file of writeReports(results, versions)) say(`written: docs/conformance/${file}`)
  return results
}

/** The adapter of that name with its variants, all with `--all`, none if nothing was asked for; `undefined` for an unknown name. */
function chosen(name: string | undefined, candidates: readonly Adapter[]): readonly Adapter[] | undefined {
  if (values.all) return candidates
  if (name === undefined) return []
  const found = candidates.filter((adapter) => adapter.name === name || adapter.name.startsWith(`${name}-`))
  return found.length === 0 ? undefined : found
}
