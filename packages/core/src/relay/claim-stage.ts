import type { ClaimedMessage, ClaimResult } from '../contracts/index.ts'
import type { Batch } from './batch.ts'
import { keyLimitOfWaves } from './options.ts'
import type { SessionWork } from './session-work.ts'

/** Claims one batch. `null`: nothing to publish now; the poller knows when to claim again. */
export async function claimBatch(work: SessionWork): Promise<Batch | null> {
  const probes = new Set(work.circuits.startProbes())
  const wasQuiet = isQuiet(work)
  work.following = true
  const result = await claim(work, probes)
  const batch = result === null ? null : admit(work, result, probes)
  if (batch !== null && batch.messages.length > 0) return batch
  work.nothingFollows()
  if (result !== null) await nothingToPublish(work, result, wasQuiet)
  return null
}

async function claim(work: SessionWork, probes: ReadonlySet<string>): Promise<ClaimResult | null> {
  const { poller, session, circuits, events } = work
  const { storage, batchSize, maxBatchBytes, publisher, strictKeyOrder } = work.options
  poller.claiming()
  work.settling.dying.claiming()
  try {
    const result = await storage.claim(session, {
      limit: batchSize,
      maxBytes: maxBatchBytes,
      skipTopics: circuits.openTopics,
      probeTopics: [...probes],
      ...(publisher.capabilities.atomicPerKey || !strictKeyOrder ? {} : { keyLimit: keyLimitOfWaves }),
    })
    if (result.anomalies > 0) events.emit('anomaly', { messages: result.anomalies })
    poller.claimed(result.messages.length > 0, result.more, [result.nextDueInMs, circuits.nextProbeInMs])
    return result
  } catch (error) {
    work.report(error)
    for (const topic of probes) circuits.cancelProbe(topic)
    if (!work.endIfFinal(error)) poller.claimed(false, false, [])
    return null
  }
}

/** Gives back what must not be handed on: keys that died, and topics that closed, while the claim was on its way. */
function admit(work: SessionWork, result: ClaimResult, probes: ReadonlySet<string>): Batch {
  const kept: ClaimedMessage[] = []
  const back: ClaimedMessage[] = []
  const probed = new Set<string>()
  for (const claimed of result.messages) {
    const { topic } = claimed.message
    const isProbe = probes.has(topic)
    const passes = !work.isDying(claimed) && (isProbe || !work.circuits.isOpen(topic))
    if (passes && isProbe) probed.add(topic)
    if (passes) kept.push(claimed)
    else back.push(claimed)
  }
  for (const topic of probes) if (!probed.has(topic)) work.circuits.cancelProbe(topic)
  work.release(back)
  return { messages: kept, probes: probed }
}

/**
 * @param wasQuiet - Whether all was settled when the claim began. Else it may not know of what that has changed: with its first
 *   outcome a session takes more lanes.
 */
async function nothingToPublish(work: SessionWork, result: ClaimResult, wasQuiet: boolean): Promise<void> {
  const quiet = () => isQuiet(work)
  // What was given back would be claimed again and again until it has been settled.
  if (result.messages.length > 0) await work.until(quiet)
  if (!work.endWhenDrained) return
  const isEmpty = result.messages.length === 0 && !result.more && result.nextDueInMs !== 0
  if (isEmpty && wasQuiet && quiet()) work.end({ type: 'drained' })
  await work.until(quiet)
}

function isQuiet(work: SessionWork): boolean {
  return work.settling.isIdle && !work.publishing
}
