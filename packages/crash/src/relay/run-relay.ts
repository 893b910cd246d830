import { flushCompileCache } from 'node:module'
import { exponential, Relay, WaybillError } from '@waybill/core'
import type { BrokerPublisher, RelaySource } from '@waybill/core/contracts'
import { openPublisher } from '../broker/clients.ts'
import { asChild, type Parent } from '../process/as-child.ts'
import { Random } from '../random.ts'
import { loadStorage } from '../storages/storages.ts'
import type { FromRelay, RelayInput, ToRelay } from './protocol.ts'
import { troubledPublisher } from './troubled-publisher.ts'

/** What a relay is made of. */
export interface RelayParts {
  readonly storage: RelaySource
  readonly publisher: BrokerPublisher
}

export type ChangeParts = (parts: RelayParts, input: RelayInput) => RelayParts | Promise<RelayParts>

type RelayParent = Parent<RelayInput, ToRelay, FromRelay>

/**
 * The relay, in a process of its own, until it is told to stop or killed.
 *
 * @param change - Puts other parts in place of ours: for relays that are broken on purpose.
 */
export async function runRelay(change: ChangeParts = (parts) => parts): Promise<void> {
  const parent: RelayParent = asChild()
  const { input } = parent
  const { leaseMs } = input
  const { openForRelay } = await loadStorage(input.storage)
  const opened = await openForRelay(input.database, input)
  const random = new Random(input.seed)
  const publisher = troubledPublisher(await openPublisher(input.broker, input.label), {
    random,
    crashes: input.crashes,
    die: () => process.kill(process.pid, 'SIGKILL'),
    onUnanswered: (ids) => void parent.send({ type: 'unanswered', ids }),
    onRefused: (ids, from, to) => void parent.send({ type: 'refused', ids, from, to }),
  })
  const relay = new Relay({
    ...(await change({ storage: opened.storage, publisher }, input)),
    label: input.label,
    leaseMs,
    publishTimeoutMs: Math.floor(leaseMs * 0.6),
    batchSize: random.pick([20, 100, 500]),
    pollIntervalMs: 20,
    idlePollIntervalMs: 200,
    retry: exponential({ baseMs: 20, maxMs: 200, maxAttempts: 40 }),
  })
  tellOf(relay, parent)
  parent.onMessage(({ type }) => {
    if (type === 'stop') void relay.stop()
  })
  await relay.start()
  // For the next one: this one may be killed before its end, when it would be done.
  flushCompileCache()
  void parent.send({ type: 'ready' })
  await relay.closed
  await opened.close()
  parent.disconnect()
}

/** To the runner, and for whoever reads what the process has printed. */
function tellOf(relay: Relay, parent: RelayParent): void {
  relay.on('leaseLost', ({ session }) => {
    note(`The lease of ${session} was lost`)
    void parent.send({ type: 'lease-lost' })
  })
  relay.on('brokerUnavailable', ({ error }) => note(error.message))
  relay.on('circuitOpened', ({ topic, error }) => note(`Nothing goes to ${topic}: ${error.message}`))
  relay.on('anomaly', ({ messages }) => void parent.send({ type: 'anomaly', messages }))
  relay.on('error', (error) => {
    note(error.stack ?? error.message)
    if (!WaybillError.isInstance(error)) void parent.send({ type: 'defect', text: String(error) })
  })
}

function note(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`)
}
