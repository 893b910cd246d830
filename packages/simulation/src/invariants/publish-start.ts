import type { MessageRecord } from '../history/records.ts'
import { Violation } from '../violation.ts'

/** One message of a publish call, with what the database holds of it at the start of the call. */
export interface StartedMessage {
  readonly message: MessageRecord
  /** The relay's session owns its lane. */
  readonly owned: boolean
  /** A stored hold keeps its key until then, and the message that the hold is about still waits. */
  readonly heldUntil: number | null
  /** It stands in the relay's window. `null`: the row is gone or no longer pending. */
  readonly inWindow: boolean | null
  /** `null`: the row is gone or no longer pending. */
  readonly attempts: number | null
  /** Its topic has been in trouble for this relay: it may be a probe, which stands in no window. */
  readonly mayBeProbe: boolean
}

export interface PublishStart {
  readonly relay: string
  /** True time. */
  readonly now: number
  /** True time at which the lease ends that the database has last given to the relay; `null` if it has none. */
  readonly leaseEndsAt: number | null
  /** What the database's clock would show if nobody had set it back: no retry is later for that. */
  readonly dbTimeNeverSetBack: number
  /** The latest time that the database's clock has ever shown. */
  readonly latestDbTime: number
  /** Neither a failover nor a jump of the clock has taken a lease away early. */
  readonly leasesAreTrue: boolean
  readonly messages: readonly StartedMessage[]
}

/** Call it when a relay calls its publisher, before anything is sent. */
export function checkPublishStart(start: PublishStart): void {
  checkLease(start)
  for (const started of start.messages) {
    if (start.leasesAreTrue) {
      checkOwnership(start, started)
      checkRetry(start, started)
      checkWindow(start, started)
    }
    if (started.owned) checkDue(start, started)
    checkAttempts(started)
  }
}

function checkLease({ relay, now, leaseEndsAt }: PublishStart): void {
  if (leaseEndsAt === null) throw new Violation('lease', `${relay} starts to publish without ever having had a lease`)
  if (now < leaseEndsAt) return
  throw new Violation('lease', `${relay} starts to publish at ${now} ms; its lease ended at ${leaseEndsAt} ms`)
}

function checkOwnership({ relay }: PublishStart, { message, owned }: StartedMessage): void {
  if (!owned) throw new Violation('ownership', `${relay} starts to publish '${message.id}', whose lane is not its own`)
}

function checkWindow({ relay }: PublishStart, { message, inWindow, mayBeProbe }: StartedMessage): void {
  if (mayBeProbe || inWindow !== false) return
  throw new Violation('window', `${relay} starts to publish '${message.id}', which does not stand in its window`)
}

function checkDue(
  { relay, latestDbTime, dbTimeNeverSetBack }: PublishStart,
  { message, heldUntil }: StartedMessage,
): void {
  if (heldUntil !== null && heldUntil > dbTimeNeverSetBack) {
    const early = heldUntil - dbTimeNeverSetBack
    throw new Violation('due', `${relay} starts to publish '${message.id}' ${early} ms before its key's hold is due`)
  }
  const from = message.redriven > 0 ? null : (message.available?.from ?? null)
  if (from !== null && from > latestDbTime) {
    throw new Violation(
      'due',
      `${relay} starts to publish '${message.id}' ${from - latestDbTime} ms before its availableAt`,
    )
  }
}

/** As the relay that failed has said, whatever has become of the hold that it has stored. */
function checkRetry({ relay, latestDbTime }: PublishStart, { message }: StartedMessage): void {
  const { retryFrom } = message
  if (retryFrom === null || retryFrom <= latestDbTime) return
  const early = Math.ceil(retryFrom - latestDbTime)
  throw new Violation('due', `${relay} starts to publish '${message.id}' ${early} ms before its retry is due`)
}

function checkAttempts({ message, attempts }: StartedMessage): void {
  if (attempts === null) return
  if (attempts >= message.maxAttempts) {
    throw new Violation(
      'attempts',
      `'${message.id}' is published with ${attempts} of ${message.maxAttempts} attempts spent`,
    )
  }
  checkSpent(message, attempts)
}

/** Outages, releases, claims and crashes spend nothing. */
export function checkSpent(message: MessageRecord, attempts: number): void {
  if (attempts <= message.failures) return
  const explanation = `'${message.id}' has spent ${attempts} attempts, and failed ${message.failures} times`
  throw new Violation('attempts', explanation)
}
