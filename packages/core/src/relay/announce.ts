import type { ClaimedMessage } from '../contracts/index.ts'
import type { Batch } from './batch.ts'
import type { SessionWork } from './session-work.ts'

/**
 * How old a window that was written ahead may be, at most the margin of the lease: whether the database has failed over since
 * then, only a new one finds out, and a first call begins with a lease that is as old.
 */
const aheadAtMostMs = 1000

/**
 * Writes the window, which renews the lease. Answers when it was sent, by the runtime's clock; `null`: the messages may not be
 * published. A probe is left out: its topic is known to be in trouble, and a relay that dies of it must not make the message
 * suspect.
 */
export async function announce(
  work: SessionWork,
  messages: readonly ClaimedMessage[],
  probes: ReadonlySet<string>,
): Promise<number | null> {
  const { storage, runtime } = work.options
  const tokens = messages.filter(({ message }) => !probes.has(message.topic)).map(({ token }) => token)
  const startedAt = runtime.now()
  try {
    const { lost } = await storage.markPublishing(work.session, tokens)
    if (lost.length > 0) work.end({ type: 'lost' })
    else if (tokens.length > 0) work.lease.renewedAt(startedAt)
    else if (!(await work.lease.renew())) return null
    return lost.length === 0 ? startedAt : null
  } catch (error) {
    work.report(error)
    work.endIfFinal(error)
    return null
  }
}

/**
 * Whether the next batch may be announced while another one is being published. Not beside a suspect, which must stand in the
 * window alone, and not with a probe, which stands in no window while other messages of its topic may.
 */
export function mayAnnounceAhead(current: Batch, next: Batch): boolean {
  return (
    next.announcedAt === undefined &&
    next.probes.size === 0 &&
    current.probes.size === 0 &&
    !hasSuspect(current) &&
    !hasSuspect(next)
  )
}

/** Announces the next batch beside the one that is being published, whose outcomes are not known yet. */
export async function announceAhead(work: SessionWork, current: Batch, next: Batch): Promise<Batch> {
  const startedAt = await announce(work, [...current.messages, ...next.messages], next.probes)
  return { ...next, announcedAt: startedAt ?? Number.NEGATIVE_INFINITY }
}

export function isAnnounced({ options }: SessionWork, { announcedAt }: Batch): boolean {
  if (announcedAt === undefined) return false
  return options.runtime.now() - announcedAt < Math.min(aheadAtMostMs, options.leaseMarginMs)
}

function hasSuspect({ messages }: Batch): boolean {
  return messages.some((claimed) => claimed.suspect)
}
