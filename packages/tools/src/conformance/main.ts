import type { ReportResult } from '@waybill/conformance'
import { type Arguments, readArguments, usageOf } from './arguments.ts'
import { type Adapter, loadAdapters } from './harnesses.ts'
import { inParallel } from './in-parallel.ts'
import { merged, type Versions, versionsOf, writeReports } from './report-files.ts'
import { ofBroker, ofPair, ofStorage, type Verification, verify } from './verify.ts'

const say = (line: string): void => console.error(line)
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const adapters = await loadAdapters()
  const usage = usageOf([...adapters.keys()])
  const wanted = understand(args, [...adapters.values()])
  if (wanted instanceof Error) {
    say(`${wanted.message}\n\n${usage}`)
    return 1
  }
  if (wanted !== 'help') return await verifyAll(wanted)
  console.log(usage)
  return 0
}

interface Wanted extends Arguments {
  readonly storages: readonly Adapter[]
  readonly brokers: readonly Adapter[]
}

function understand(args: readonly string[], known: readonly Adapter[]): Wanted | 'help' | Error {
  const ofStorages = known.filter(({ harnesses }) => harnesses.storage ?? harnesses.inbox)
  const ofBrokers = known.filter(({ harnesses }) => harnesses.publisher ?? harnesses.consumer)
  try {
    const found = readArguments(args)
    if (found === 'help') return found
    const storages = chosen('--storage', found.storage, found.all, ofStorages)
    return { ...found, storages, brokers: chosen('--broker', found.broker, found.all, ofBrokers) }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function verifyAll({ storages, brokers, ...wanted }: Wanted): Promise<number> {
  const subjects = new Set([...storages, ...brokers])
  const versions = await start(subjects)
  const available = ({ name }: Adapter) => versions.has(name)
  const passed = await run(wanted, storages.filter(available), brokers.filter(available), versions)
  return passed && versions.size === subjects.size ? 0 : 1
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
  { only, parallel, json }: Arguments,
  storages: readonly Adapter[],
  brokers: readonly Adapter[],
  versions: ReadonlyMap<string, Versions>,
): Promise<boolean> {
  // Each of these becomes a report, which is written when it is complete: a run that is ended early is not for nothing.
  const plan: readonly (readonly Verification[])[] = [
    ...(only.has('storages') ? storages.map(ofStorage) : []),
    ...(only.has('brokers') ? brokers.map(ofBroker) : []),
    ...(only.has('pairs') ? brokers.flatMap((broker) => storages.map((each) => ofPair(each, broker))) : []),
  ]
  const results: ReportResult[] = []
  try {
    const reports = await inParallel(plan, parallel, (verifications) => report(verifications, versions))
    results.push(...reports.flat())
  } finally {
    for (const close of new Set([...storages, ...brokers].map((adapter) => adapter.close))) await close()
  }
  if (json) console.log(JSON.stringify({ versions: merged(versions.values()), results }))
  return !results.some(({ level, failed }) => level !== 'provisional' && failed > 0)
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

/** The adapter of that name with its variants, all with `--all`, none if nothing was asked for. */
function chosen(
  option: string,
  name: string | undefined,
  all: boolean,
  candidates: readonly Adapter[],
): readonly Adapter[] {
  if (all) return candidates
  if (name === undefined) return []
  const found = candidates.filter((adapter) => adapter.name === name || adapter.name.startsWith(`${name}-`))
  if (found.length > 0) return found
  throw new Error(`${option} ${name}: there is no such adapter`)
}
