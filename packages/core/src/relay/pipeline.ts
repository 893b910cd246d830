import { announceAhead, mayAnnounceAhead } from './announce.ts'
import { asError } from './as-error.ts'
import type { Batch } from './batch.ts'
import { claimBatch } from './claim-stage.ts'
import { publishBatch, withoutDying } from './publish-stage.ts'
import { type Ending, type SessionSetup, SessionWork } from './session-work.ts'

/**
 * One session's work: claims N + 1 and writes its window while N is being published while N - 1 is being settled.
 *
 * Order rests on one rule: after any outcome but accepted, nothing of that key is handed on until its settlement has
 * committed. Its messages in the next batch, and in a claim still on its way, are given back.
 */
export class Pipeline {
  readonly #work: SessionWork
  #current: Batch | null = null
  #next: Batch | null = null
  /** The window of the next batch is being written: nothing of it may be given back meanwhile. */
  #announcing = false
  /** Before that no window is written ahead: a relay that dies at its first message makes no others suspect. */
  #firstIsPublished = false

  constructor(setup: SessionSetup) {
    this.#work = new SessionWork(setup)
  }

  /** Works until something ends it, then finishes or gives back what is in flight. */
  async run(): Promise<Ending> {
    const work = this.#work
    const stages = [this.#claims(), this.#announces(), this.#publishes(), this.#proves()]
    await Promise.all(stages.map((stage) => this.#guard(stage)))
    work.release(this.#next?.messages ?? [])
    await work.settling.idle()
    work.lease.stop()
    return work.ending ?? { type: 'closed' }
  }

  /** Ends it in good order. */
  close(): void {
    this.#work.end({ type: 'closed' })
  }

  /** Ends it without waiting for settlements that do not succeed. */
  abandon(): void {
    this.close()
    this.#work.settling.giveUp()
  }

  wake(): void {
    this.#work.wake()
  }

  /** A defect in a stage must end the relay loudly, not leave it half alive. */
  async #guard(stage: Promise<void>): Promise<void> {
    try {
      await stage
    } catch (error) {
      this.#work.end({ type: 'failed', error: asError(error) })
    }
  }

  async #claims(): Promise<void> {
    const work = this.#work
    const { publisher } = work.options
    for (;;) {
      await work.until(() => this.#next === null && (work.poller.isDue || work.endWhenDrained))
      if (work.ending !== null) return
      if (publisher.readiness?.ready() === false) {
        const message = `'${publisher.name}' takes no messages at present`
        work.end({ type: 'broker-unavailable', error: { code: 'BROKER_UNAVAILABLE', message } })
        return
      }
      this.#next = await claimBatch(work)
      this.#clearNext()
      work.wake()
    }
  }

  async #announces(): Promise<void> {
    const work = this.#work
    for (;;) {
      await work.until(() => this.#mayAnnounceAhead())
      const [current, next] = [this.#current, this.#next]
      if (work.ending !== null) return
      // Between the look and this line the batch may have come to its end.
      if (current === null || next === null) continue
      this.#announcing = true
      this.#next = await announceAhead(work, current, next)
      this.#announcing = false
      if (this.#next === null) work.nothingFollows()
      this.#clearNext()
      work.wake()
    }
  }

  #mayAnnounceAhead(): boolean {
    const mayBe = this.#firstIsPublished && this.#work.settling.hasConcluded
    if (!mayBe || this.#current === null || this.#next === null) return false
    return mayAnnounceAhead(this.#current, this.#next)
  }

  async #publishes(): Promise<void> {
    const work = this.#work
    for (;;) {
      await work.until(() => this.#next !== null && !this.#announcing && work.settling.hasRoom)
      const batch = this.#next
      if (work.ending !== null || batch === null) return
      this.#current = batch
      this.#next = null
      work.following = false
      work.publishing = true
      work.wake()
      await publishBatch(work, batch, () => this.#clearNext())
      this.#current = null
      this.#firstIsPublished = true
      work.publishing = false
      work.wake()
    }
  }

  /** With its first outcome settled, a session may take its share of the work. What is given back proves nothing. */
  async #proves(): Promise<void> {
    const { settling, poller } = this.#work
    await this.#work.until(() => settling.hasConcluded)
    if (settling.hasConcluded) poller.wake('committed')
  }

  /** Gives back what the next batch has of keys that died and of topics that cannot be reached. */
  #clearNext(): void {
    const next = this.#next
    if (next === null || this.#announcing) return
    const work = this.#work
    const messages = withoutDying(work, next.messages)
    const closed = messages.filter(
      ({ message }) => work.circuits.isOpen(message.topic) && !next.probes.has(message.topic),
    )
    if (closed.length > 0) work.release(closed)
    const kept = closed.length > 0 ? messages.filter((claimed) => !closed.includes(claimed)) : messages
    this.#next = kept.length > 0 ? { ...next, messages: kept } : null
    if (kept.length === 0) work.nothingFollows()
  }
}
