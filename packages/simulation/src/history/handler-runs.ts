import type { InboxDeadReason } from '@waybill/core/contracts'
import type { MemoryDatabase, MemoryTransaction } from '@waybill/memory'
import type { ConsumedMessage, HandlerRun } from '../invariants/effects.ts'
import type { History } from './history.ts'
import type { MessageRecord, TransactionRecord } from './records.ts'

/** Table of the handlers' own rows, one for each run. */
export const effectTable = 'effects'

/** What the inbox has of a consumer. */
interface KeptOfInbox {
  readonly receipts: ReadonlySet<string>
  readonly letters: ReadonlyMap<string, InboxDeadReason>
  /** Consumers end for other reasons, too. */
  readonly othersCrash: boolean
}

export interface HandlerTraits {
  /** Ends the process, most times, and fails the others. */
  readonly isBomb: boolean
  /** Runs that fail before one may succeed. */
  failuresLeft: number
}

interface OpenRun {
  readonly key: string
  readonly tx: MemoryTransaction
  readonly message: MessageRecord
  /** Of the messages that the handler enqueues. */
  readonly transaction: TransactionRecord
  threw: boolean
}

interface EndedRun extends OpenRun {
  readonly endedAt: number
  readonly committed: boolean
}

/** What handlers did, and what became of it in the database. */
export class HandlerRuns {
  readonly #database: MemoryDatabase
  readonly #history: History
  readonly #open = new Set<OpenRun>()
  readonly #ended: EndedRun[] = []
  readonly #rejected = new Set<string>()
  readonly #traits = new Map<string, HandlerTraits>()

  constructor(database: MemoryDatabase, history: History) {
    this.#database = database
    this.#history = history
  }

  get areOver(): boolean {
    return this.#open.size === 0
  }

  begin(message: MessageRecord, tx: MemoryTransaction): OpenRun {
    const key = `${message.id}/${this.#open.size + this.#ended.length + 1}`
    const run = { key, tx, message, transaction: this.#history.begin(key, true), threw: false }
    this.#open.add(run)
    return run
  }

  rejected(messageId: string): void {
    this.#rejected.add(messageId)
  }

  /** What handlers have with a message; drawn at the first run. */
  traits(messageId: string, draw: () => HandlerTraits): HandlerTraits {
    const traits = this.#traits.get(messageId) ?? draw()
    this.#traits.set(messageId, traits)
    return traits
  }

  /** Call it after each step: a transaction ends in the middle of code under test. */
  look(): void {
    if (this.#open.size === 0) return
    for (const run of this.#open) {
      if (run.tx.open) continue
      this.#open.delete(run)
      const committed = this.#hasEffect(run)
      if (committed) this.#history.committed(run.transaction)
      else this.#history.rolledBack(run.transaction)
      this.#ended.push({ ...run, committed, endedAt: this.#history.tick })
    }
  }

  /** In the order in which their transactions ended. */
  runs(consumer: string): readonly HandlerRun[] {
    const ended = this.#ended.map((run) => ({
      consumer,
      message: run.message,
      state: run.committed ? ('committed' as const) : ('rolled-back' as const),
      threw: run.threw,
      hasEffect: this.#hasEffect(run),
    }))
    const open = [...this.#open].map(({ message, threw }) => ({
      consumer,
      message,
      state: 'open' as const,
      threw,
      hasEffect: false,
    }))
    return [...ended, ...open]
  }

  /** Everything of these topics that the broker has accepted, in order of the first acceptances. */
  consumed(consumer: string, topics: readonly string[], kept: KeptOfInbox): readonly ConsumedMessage[] {
    return [...this.#history.messages.values()]
      .filter(({ topic, acceptances }) => acceptances > 0 && topics.includes(topic))
      .sort((left, right) => left.firstAcceptedAt - right.firstAcceptedAt)
      .map((message) => ({
        consumer,
        message,
        rejected: this.#rejected.has(message.id),
        receipt: kept.receipts.has(message.id),
        letter: kept.letters.get(message.id) ?? null,
        mayCrash: kept.othersCrash || this.#traits.get(message.id)?.isBomb === true,
      }))
  }

  #hasEffect({ key }: OpenRun): boolean {
    return this.#database.read(effectTable).has(key)
  }
}
