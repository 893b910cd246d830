import { type ClaimedMessage, orderingScope } from '../contracts/index.ts'
import { type DeliveryPolicy, decideBeforePublishing } from '../lifecycle/decide.ts'
import { announce, isAnnounced } from './announce.ts'
import { type Batch, wavesOf } from './batch.ts'
import { judge, type Verdict } from './judge.ts'
import { publishCall } from './publish-call.ts'
import type { SessionWork } from './session-work.ts'
import type { SettleItem } from './settle-queue.ts'

/**
 * Publishes a batch, in as many calls as the publisher needs, and queues what becomes of each message. Answers the verdict
 * on each call through `onVerdict`, at once, so that the next batch can be cleared of keys that died.
 */
export async function publishBatch(work: SessionWork, batch: Batch, onVerdict: () => void): Promise<void> {
  const suspect = batch.messages.find((claimed) => claimed.suspect)
  if (suspect !== undefined) {
    // Alone, and after everything earlier has been settled: if this one kills us, the window must say so.
    work.settling.hurry()
    await work.until(() => work.settling.isIdle)
    work.events.emit('suspect', { message: suspect.message, crashes: suspect.crashes })
  }
  const { publisher, strictKeyOrder } = work.options
  const { atomicPerKey, maxBatchMessages } = publisher.capabilities
  const alive = bury(work, batch.messages)
  onVerdict()
  // One window for all calls: it says what may have been published, and to write it costs more than most calls.
  const announced =
    alive.length > 0 && (isAnnounced(work, batch) || (await announce(work, alive, batch.probes)) !== null)
  const size = { oneOfAKey: !atomicPerKey && strictKeyOrder, size: maxBatchMessages }
  const stopped = new Set<string>()
  if (!announced) {
    work.release(alive)
    onVerdict()
  }
  for (const wave of announced ? wavesOf(alive, size) : []) {
    const messages = withoutKeys(work, withoutDying(work, wave), stopped)
    const accepted = new Set(await publishWave(work, messages, batch.probes))
    // A key that failed in this batch stays stopped here, even when its settlement has committed meanwhile.
    for (const claimed of wave) if (!accepted.has(claimed)) stopped.add(orderingScope(claimed.message))
    onVerdict()
  }
  for (const topic of batch.probes) work.circuits.cancelProbe(topic)
}

/** One publish call. Answers what the broker accepted; everything else is on its way to be settled. */
async function publishWave(
  work: SessionWork,
  wave: readonly ClaimedMessage[],
  probes: ReadonlySet<string>,
): Promise<readonly ClaimedMessage[]> {
  // No await between this look at the lease and the call that it allows.
  if (wave.length === 0 || work.ending !== null || !work.lease.isSafe) {
    work.release(wave)
    return []
  }
  const { publisher, publishTimeoutMs: timeoutMs, runtime } = work.options
  const startedAt = runtime.now()
  const outcomes = await publishCall(
    wave.map((claimed) => claimed.message),
    { publisher, timeoutMs, runtime, onError: (error) => work.report(error) },
  )
  const verdict = judge(wave, outcomes, { circuits: work.circuits, policy: policyOf(work), probes })
  conclude(work, verdict, runtime.now() - startedAt)
  return verdict.accepted
}

/** What must end without being published, and what of its keys must then wait. */
function bury(work: SessionWork, messages: readonly ClaimedMessage[]): readonly ClaimedMessage[] {
  const policy = policyOf(work)
  const dead: SettleItem[] = []
  for (const claimed of messages) {
    const settlement = decideBeforePublishing(claimed, policy)
    if (settlement !== null) dead.push({ claimed, settlement })
  }
  if (dead.length === 0) return messages
  settleAndTell(work, dead)
  const buried = new Set(dead.map(({ claimed }) => claimed))
  return withoutDying(
    work,
    messages.filter((claimed) => !buried.has(claimed)),
  )
}

/** Gives back messages of keys that died since they were claimed. */
export function withoutDying(work: SessionWork, messages: readonly ClaimedMessage[]): readonly ClaimedMessage[] {
  const dying = new Set(messages.filter((claimed) => work.isDying(claimed)))
  if (dying.size === 0) return messages
  work.release([...dying])
  return messages.filter((claimed) => !dying.has(claimed))
}

function withoutKeys(
  work: SessionWork,
  messages: readonly ClaimedMessage[],
  scopes: ReadonlySet<string>,
): readonly ClaimedMessage[] {
  if (scopes.size === 0) return messages
  const stopped = messages.filter((claimed) => scopes.has(orderingScope(claimed.message)))
  work.release(stopped)
  return messages.filter((claimed) => !stopped.includes(claimed))
}

function conclude(work: SessionWork, { items, accepted, brokerDown }: Verdict, durationMs: number): void {
  settleAndTell(work, items)
  if (accepted.length > 0) work.events.emit('published', { messages: accepted, durationMs })
  if (brokerDown === null) return
  work.end({ type: 'broker-unavailable', error: { code: 'BROKER_UNAVAILABLE', message: brokerDown.message } })
}

function settleAndTell(work: SessionWork, items: readonly SettleItem[]): void {
  work.settling.add(items)
  for (const { claimed, settlement } of items) {
    const { message, attempt } = claimed
    if (settlement.type === 'retry') {
      work.events.emit('retry', { message, attempt, delayMs: settlement.delayMs, error: settlement.error })
    } else if (settlement.type === 'dead') {
      work.events.emit('dead', { message, reason: settlement.reason, error: settlement.error })
    }
  }
}

function policyOf(work: SessionWork): DeliveryPolicy {
  const { retry, maxAttempts, maxCrashes, publisher, runtime } = work.options
  const { maxMessageBytes } = publisher.capabilities
  return { retry, maxAttempts, maxCrashes, maxMessageBytes, random: runtime.random }
}
