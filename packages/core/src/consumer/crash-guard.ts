import { type CrashMarks, type Disposition, HandlerError, type Receipt, type WaybillError } from '../contracts/index.ts'
import type { AttemptInput } from './attempt.ts'
import { type DeliveryTerms, receiptFor } from './delivery-terms.ts'
import { giveBack, type Job } from './job.ts'
import { describeFailure } from './judge-failure.ts'
import { pause } from './pause.ts'

type Result = Disposition | WaybillError

/** How long a process that lives may take to hear that a message is no longer its own. */
const farewellMs = 1000

/**
 * Runs the attempts of one message in slots of its consumer, and finds out if they end the process.
 *
 * Only what may have been delivered before is marked. What has unfinished beginnings runs alone, and is marked once it does: so
 * a count grows above one only by the message's own doing, however many were in hand beside one that ends the process.
 *
 * Marks outlast the burial: a log delivers again what lies behind another message that ends the process, and what is dead
 * already must not run once more each time. A redrive lets it begin as often again.
 */
export class CrashGuard<Tx> {
  /** What the transaction of an attempt needs of this. */
  readonly steps: Pick<AttemptInput<Tx>, 'leave'>
  readonly #terms: DeliveryTerms<Tx>
  readonly #job: Job<Tx>
  readonly #ending: AbortSignal
  readonly #marks: CrashMarks<Tx> | undefined
  readonly #receipt: Receipt
  #alone: boolean
  #marked = false

  constructor(terms: DeliveryTerms<Tx>, job: Job<Tx>, ending: AbortSignal) {
    const marks = job.suspect ? terms.options.inbox.crashes : undefined
    this.#terms = terms
    this.#job = job
    this.#ending = ending
    this.#marks = marks
    this.#receipt = receiptFor(terms, job.origin.message ?? job.message)
    this.#alone = job.letter?.reason === 'crashes'
    this.steps = marks === undefined ? {} : { leave: (tx) => marks.end(tx, this.#receipt) }
  }

  async run(attempt: () => Promise<Result>): Promise<Result> {
    const { slots } = this.#terms
    for (;;) {
      const result = await slots.run(() => this.#mark(attempt), this.#alone)
      if (result !== 'alone') return result
      this.#alone = true
    }
  }

  /** Takes the mark away; what cannot be taken away stays and is not written again. */
  async forget(): Promise<void> {
    if (!this.#marked) return
    try {
      await this.#marks?.forget(this.#receipt)
      this.#marked = false
    } catch (error) {
      this.#terms.events.emit('error', describeFailure(error, this.#job.message, 0))
    }
  }

  /**
   * Every process sees a dead letter that is due, and those that lose it have begun as well: only marks that are still there at
   * the next look are of processes that have ended.
   */
  #isContended(): boolean {
    const { letter } = this.#job
    if (letter === undefined || this.#terms.contended.delete(letter.receipt.key)) return false
    this.#terms.contended.add(letter.receipt.key)
    return true
  }

  /** Each redrive adds its own, for what stands there from before it cannot be told from what came after. */
  #mostBeginnings(): number {
    return this.#terms.options.maxCrashes * (1 + (this.#job.letter?.redrives ?? 0))
  }

  /**
   * A process that has lost a delivery to this one takes its mark away when it hears of that; one that has ended never does.
   * Whose letter it is has been settled by {@link #isContended}.
   */
  async #areAbandoned(marks: CrashMarks<Tx>): Promise<boolean> {
    if (this.#job.letter !== undefined) return true
    await pause(this.#terms.options.runtime, farewellMs, this.#ending)
    return (await marks.count(this.#receipt)) >= this.#mostBeginnings()
  }

  async #mark(attempt: () => Promise<Result>): Promise<Result | 'alone'> {
    if (this.#marks === undefined || this.#ending.aborted) return await attempt()
    try {
      const refused = this.#marked ? null : await this.#begin(this.#marks)
      if (refused !== null) return refused
    } catch (error) {
      return describeFailure(error, this.#job.message, 0)
    }
    const result = await attempt()
    if (!(result instanceof Error) && result.type === 'ack') this.#marked = false
    else await this.forget()
    return result
  }

  /** Marks the beginning of an attempt, or answers why there is none now. */
  async #begin(marks: CrashMarks<Tx>): Promise<Result | 'alone' | null> {
    const before = await marks.count(this.#receipt)
    if (before > 0 && !this.#alone) return 'alone'
    if (before > 0 && this.#isContended()) return giveBack
    if (before >= this.#mostBeginnings()) {
      const abandoned = await this.#areAbandoned(marks)
      if (this.#ending.aborted) return giveBack
      if (abandoned) return crashed(this.#job, before)
    }
    await marks.begin(this.#receipt)
    this.#marked = true
    return null
  }
}

function crashed<Tx>({ message }: Job<Tx>, times: number): WaybillError {
  const text = `The handler of '${message.type}' was begun ${times} times on message '${message.id}' and never came to an end: it seems to end its process`
  return new HandlerError('HANDLER_CRASHED', text, { retryable: false })
}
