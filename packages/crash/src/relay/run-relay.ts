import { flushCompileCache } from 'node:module'
import { exponential, Relay, WaybillError } from '@waybill/core'
import type { BrokerPublisher, RelaySource } from '@waybill/core/contracts'
import { openPublisher } from '../broker/clients.ts'
import { asChild } from '../process/as-child.ts'
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

/**
 * The relay, in a process of its own, until it is told to stop or killed.
 *
 * @param change - Puts other parts in place of ours: for relays that are broken on purpose.
 */
export async function runRelay(change: ChangeParts = (parts) => parts): Promise<void> {
  const parent = asChild<RelayInput, ToRelay, FromRelay>()
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
  relay.on('leaseLost', () => void parent.send({ type: 'lease-lost' }))
  relay.on('anomaly', ({ messages }) => void parent.send({ type: 'anomaly', messages }))
  relay.on('error', (error) => {
    process.stderr.write(`${new Date().toISOString()} ${error.stack}\n`)
    if (!WaybillError.isInstance(error)) void parent.send({ type: 'defect', text: String(error) })
  })
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
