import { parseArgs } from 'node:util'
import type { ReportResult } from '@waybill/conformance'
import { type Adapter, loadAdapters } from './harnesses.ts'
import { versionsOf, writeReports } from './report-files.ts'
import { ofBroker, ofPair, ofStorage, type Verification, verify } from './verify.ts'

const { values } = parseArgs({
  options: {
    storage: { type: 'string' },
    broker: { type: 'string' },
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

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
  console.error(`usage: --storage S, --broker B, both, or --all; with harnesses: ${[...adapters.keys()].join(', ')}`)
  process.exitCode = 1
} else {
  const plan: readonly Verification[] = [
    ...storages.flatMap(ofStorage),
    ...brokers.flatMap(ofBroker),
    ...storages.flatMap((storage) => brokers.flatMap((broker) => ofPair(storage, broker))),
  ]
  const results: ReportResult[] = []
  for (const verification of plan) results.push(...(await verify(verification, (line) => console.error(line))))
  const report = { versions: versionsOf(new Set([...storages, ...brokers])), results }
  for (const file of writeReports(report)) console.error(`written: docs/conformance/${file}`)
  if (values.json) console.log(JSON.stringify(report))
  process.exitCode = results.some(({ level, failed }) => level !== 'provisional' && failed > 0) ? 1 : 0
}

/** The adapter of that name, all with `--all`, none when nothing was asked for; `undefined` for an unknown name. */
function chosen(name: string | undefined, candidates: readonly Adapter[]): readonly Adapter[] | undefined {
  if (values.all) return candidates
  if (name === undefined) return []
  const found = candidates.find((adapter) => adapter.name === name)
  return found === undefined ? undefined : [found]
}
