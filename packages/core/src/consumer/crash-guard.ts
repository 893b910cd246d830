import { type Disposition, HandlerError, type Receipt, type WaybillError } from '../contracts/index.ts'
import { linkAbort } from './abort.ts'
import type { AttemptInput } from './attempt.ts'
import { CrashMark } from './crash-mark.ts'
import { type DeliveryTerms, receiptFor } from './delivery-terms.ts'
import { isInNobodysHands } from './in-nobodys-hands.ts'
import { giveBack, type Job } from './job.ts'
import { describeFailure } from './judge-failure.ts'
import { pause } from './pause.ts'

type Result = Disposition | WaybillError

/** How long a process that lives may take to hear that a message is no longer its own. */
const farewellMs = 1000

/** For so many of its timeouts nothing else begins beside a suspect's handler that was given up and runs on. */
const overdueTimeouts = 2

/**
 * Runs the attempts of one message in slots of its consumer, and finds out if they end the process.
 *
 * Only what may have been delivered before is marked. What has unfinished beginnings runs alone, and is marked once it does: so
 * a count grows above one only by the message's own doing, however many were in hand beside one that ends the process.
 *
 * A failure takes away its own mark and leaves those of processes that have ended: what fails now and then and ends its process
 * otherwise is found as well. While a handler runs on that was given up for its time the mark stays, and is taken away when that
 * one comes to its end; all attempts of one stay here have one mark between them. One that runs alone keeps others waiting for a
 * while then, for it might be blamed for what they do.
 *
 * Marks outlast the burial of what ends its process: a log delivers again what lies behind another such message, and what is
 * dead already must not run once more each time. A redrive lets it begin as often again.
 */
export class CrashGuard<Tx> {
  /** What an attempt needs of this. */
  readonly steps: Pick<AttemptInput<Tx>, 'leave' | 'watch'>
  readonly #terms: DeliveryTerms<Tx>
  readonly #job: Job<Tx>
  readonly #ending: AbortSignal
  readonly #receipt: Receipt
  readonly #mark: CrashMark<Tx> | undefined
  readonly #overdue: { readonly key: string }
  #alone: boolean
  #isAttempting = false
  /** Handlers that have not come to their end, given up or not. */
  #handlers = 0
  #onLastEnd: (() => void) | undefined
  /** It was nobody else's once: from then on its lock decides whose it is. */
  #isUncontended = false

  constructor(terms: DeliveryTerms<Tx>, job: Job<Tx>, ending: AbortSignal) {
    const marks = job.suspect ? terms.options.inbox.crashes : undefined
    this.#terms = terms
    this.#job = job
    this.#ending = ending
    this.#receipt = receiptFor(terms, job.origin.message ?? job.message)
    this.#overdue = { key: this.#receipt.key }
    this.#alone = job.letter?.reason === 'crashes'
    const mark = marks && new CrashMark(terms, marks, this.#receipt, job.message)
    this.#mark = mark
    this.steps = { watch: (handler) => this.#watch(handler), ...(mark && { leave: (tx) => mark.end(tx) }) }
  }

  async run(attempt: () => Promise<Result>): Promise<Result> {
    const { slots } = this.#terms
    for (;;) {
      const result = await slots.run(() => this.#guard(attempt), this.#alone)
      if (result !== 'alone') return result
      this.#alone = true
    }
  }

  /** The message leaves this process, which lives: whatever still runs here is no longer its own doing. */
  async withdraw(): Promise<void> {
    await this.#mark?.withdraw()
  }

  /** The message was given up, and not for its beginnings. */
  async forgetAll(): Promise<void> {
    await this.#mark?.forgetAll()
  }

  async #guard(attempt: () => Promise<Result>): Promise<Result | 'alone'> {
    if (this.#ending.aborted) return await attempt()
    this.#isAttempting = true
    try {
      return this.#mark === undefined ? await attempt() : await this.#marked(this.#mark, attempt)
    } finally {
      this.#isAttempting = false
      if (this.#handlers > 0) this.#terms.overdue.add(this.#overdue)
    }
  }

  async #marked(mark: CrashMark<Tx>, attempt: () => Promise<Result>): Promise<Result | 'alone'> {
    try {
      const refused = (await mark.stands()) ? null : await this.#begin(mark)
      if (refused !== null) return refused
    } catch (error) {
      return this.#ending.aborted ? giveBack : describeFailure(error, this.#job.message, 0)
    }
    const result = await attempt()
    if (this.#alone && result instanceof Error && this.#handlers > 0) await this.#waitForHandlers()
    if (!(result instanceof Error) && result.type === 'ack') mark.ended()
    else if (!(result instanceof Error) || this.#handlers === 0) await mark.withdraw()
    return result
  }

  async #waitForHandlers(): Promise<void> {
    const { runtime, handlerTimeoutMs } = this.#terms.options
    const over = linkAbort(this.#ending)
    this.#onLastEnd = () => over.abort(undefined)
    await pause(runtime, overdueTimeouts * handlerTimeoutMs, over.signal)
    over.unlink()
  }

  /** A handler that is given up runs on all the same. */
  #watch(handler: Promise<unknown>): void {
    this.#handlers += 1
    const ended = () => {
      this.#handlers -= 1
      if (this.#handlers > 0) return
      this.#terms.overdue.delete(this.#overdue)
      this.#onLastEnd?.()
      if (!this.#isAttempting) void this.#mark?.withdraw()
    }
    handler.then(ended, ended)
  }

  /** Marks the beginning of this stay, or answers why there is none now. */
  async #begin(mark: CrashMark<Tx>): Promise<Result | 'alone' | null> {
    const others = await mark.others()
    if (others.length > 0 && !this.#alone) return 'alone'
    if (this.#isContended(others)) return giveBack
    if (others.length >= this.#mostBeginnings()) {
      const verdict = await this.#judge(mark, others)
      if (verdict !== null) return verdict
    }
    // What a handler that was given up here does to the process must not be put down to one that is alone beside it.
    if (others.length === 0 || !this.#isBesideOverdue()) await mark.begin()
    return null
  }

  /**
   * Every process sees a dead letter that is due, and those that lose it have begun as well: only marks that were there at the
   * last look are of processes that have ended.
   */
  #isContended(others: readonly string[]): boolean {
    const { letter } = this.#job
    if (letter === undefined || this.#isUncontended) return false
    const { contended } = this.#terms
    const before = contended.get(letter.receipt.key)
    this.#isUncontended = others.every((name) => before?.has(name) === true)
    if (this.#isUncontended) contended.delete(letter.receipt.key)
    else contended.set(letter.receipt.key, new Set(others))
    return !this.#isUncontended
  }

  #isBesideOverdue(): boolean {
    return [...this.#terms.overdue].some(({ key }) => key !== this.#receipt.key)
  }

  /** Each redrive adds its own, for what stands there from before it cannot be told from what came after. */
  #mostBeginnings(): number {
    return this.#terms.options.maxCrashes * (1 + (this.#job.letter?.redrives ?? 0))
  }

  /**
   * What a living process has in hand must not be given up, and one that has lost a delivery to this one takes its mark away
   * when it hears of that; one that has ended never does. Whose marks those of a letter are has been settled by
   * {@link #isContended}.
   */
  async #judge(mark: CrashMark<Tx>, seen: readonly string[]): Promise<Result | null> {
    const isFree = await isInNobodysHands(this.#terms, this.#job, this.#receipt, this.#ending)
    if (this.#job.letter === undefined) {
      if (!isFree) return null
      await pause(this.#terms.options.runtime, farewellMs, this.#ending)
    } else if (!isFree) return giveBack
    if (this.#ending.aborted) return giveBack
    const still = new Set(await mark.others())
    const times = seen.filter((name) => still.has(name)).length
    return times < this.#mostBeginnings() ? null : crashed(this.#job, times)
  }
}

function crashed<Tx>({ message }: Job<Tx>, times: number): WaybillError {
  const text = `The handler of '${message.type}' was begun ${times} times on message '${message.id}' and never came to an end: it seems to end its process`
  return new HandlerError('HANDLER_CRASHED', text, { retryable: false })
}
