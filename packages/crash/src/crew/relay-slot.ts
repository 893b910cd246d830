import type { Random } from '../random.ts'
import type { FromRelay, RelayInput } from '../relay/protocol.ts'
import type { History, RelayLife } from './history.ts'
import { Slot } from './slot.ts'

export interface RelaySlotOptions {
  readonly name: string
  /** What all relays have in common. */
  readonly relay: Omit<RelayInput, 'label' | 'seed' | 'crashes'>
  readonly crashes: boolean
  /** The module of a relay's process. */
  readonly module: URL
  /** Every other process of the slot runs the build of this checkout. */
  readonly oldBuild: string | null
  readonly folder: string
  readonly random: Random
  readonly history: History
}

export type RelaySlot = Slot<RelayLife, FromRelay>

/** How long a slot whose relay has crashed by itself stays empty, in leases. */
const emptyLeases = 0.5

export function relaySlot(options: RelaySlotOptions): RelaySlot {
  const { name, relay, crashes, module, oldBuild, folder, random, history } = options
  return new Slot<RelayLife, FromRelay>({
    name,
    folder,
    emptyMs: relay.leaseMs * emptyLeases,
    begin: (label) => history.beginRelay(label),
    start(label, count) {
      const input: RelayInput = { ...relay, label, seed: random.seed(), crashes }
      return { module, input, ...(oldBuild !== null && count % 2 === 1 ? runs(oldBuild) : {}) }
    },
    hear: (life, message) => hear(history, life, message),
    onLeave() {
      history.leaves++
    },
  })
}

function runs(oldBuild: string) {
  const hook = new URL('../relay/old-build.ts', import.meta.url).href
  return { execArgv: ['--import', hook], env: { WAYBILL_CRASH_OLD_BUILD: oldBuild } }
}

function hear(history: History, life: RelayLife, message: FromRelay): void {
  switch (message.type) {
    case 'ready':
      break
    case 'unanswered':
      for (const id of message.ids) life.unanswered.set(id, Date.now())
      break
    case 'refused':
      life.refusals.push({ ids: message.ids, from: message.from, to: message.to })
      break
    case 'lease-lost':
      life.leasesLostAt.push(Date.now())
      break
    case 'anomaly':
      history.anomalies += message.messages
      break
    case 'defect':
      history.defects.push(message.text)
      break
  }
}
