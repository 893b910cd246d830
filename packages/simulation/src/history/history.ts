import { Violation } from '../violation.ts'
import type { MessageFacts, MessageRecord, TransactionRecord } from './records.ts'

/** The clock of the database steps back: what was due may not be any more. */
interface BackwardJump {
  readonly tick: number
  readonly dbTime: number
}

/**
 * What happened, told by producers, broker and consumers. No position and no status of a database is in it: order and
 * completeness are judged from here alone.
 */
export class History {
  /** Counts events: earlier ones have smaller ticks. */
  tick = 0
  readonly messages: Map<string, MessageRecord> = new Map()
  readonly transactions: TransactionRecord[] = []
  readonly backwardJumps: BackwardJump[] = []
  readonly #byScope = new Map<string, MessageRecord[]>()
  #interleaved = 0

  /** Enqueues for a key for which another open transaction had enqueued. */
  get interleaved(): number {
    return this.#interleaved
  }

  begin(name: string, durable: boolean): TransactionRecord {
    const transaction: TransactionRecord = {
      name,
      durable,
      state: 'open',
      committedAt: Number.POSITIVE_INFINITY,
      messages: [],
    }
    this.transactions.push(transaction)
    return transaction
  }

  /** Call it before the enqueue is tried. */
  enqueue(transaction: TransactionRecord, facts: MessageFacts, dbTime: number): MessageRecord {
    const message: MessageRecord = {
      ...facts,
      transaction,
      enqueuedAt: ++this.tick,
      enqueuedDbTime: dbTime,
      firstAcceptedAt: Number.POSITIVE_INFINITY,
      acceptances: 0,
      died: false,
      discardAsked: false,
      discarded: false,
      redriven: 0,
      refused: false,
      retryFrom: null,
      failures: 0,
      endedAlone: 0,
    }
    const others = this.ofScope(facts.scope)
    if (others.some((other) => other.transaction !== transaction && other.transaction.state === 'open')) {
      this.#interleaved++
    }
    this.messages.set(message.id, message)
    this.#byScope.set(facts.scope, others)
    others.push(message)
    transaction.messages.push(message)
    return message
  }

  committed(transaction: TransactionRecord): void {
    transaction.state = 'committed'
    transaction.committedAt = ++this.tick
  }

  rolledBack(transaction: TransactionRecord): void {
    if (transaction.state === 'open') transaction.state = 'rolled-back'
  }

  clockSetBack(dbTime: number): void {
    this.backwardJumps.push({ tick: ++this.tick, dbTime })
  }

  ofScope(scope: string): MessageRecord[] {
    return this.#byScope.get(scope) ?? []
  }

  known(id: string): MessageRecord {
    const message = this.messages.get(id)
    if (message === undefined) throw new Violation('no-phantom', `message '${id}' was never enqueued`)
    return message
  }

  /** Everything that has committed and was not forgotten by a failover. */
  *committedMessages(): Generator<MessageRecord> {
    for (const transaction of this.transactions) if (transaction.state === 'committed') yield* transaction.messages
  }
}
