import { History } from '../src/history/history.ts'
import type { MessageFacts, MessageRecord, TransactionRecord } from '../src/history/records.ts'

/** A history made by hand. */
interface HandMade {
  readonly history: History
  begin(): TransactionRecord
  enqueue(transaction: TransactionRecord, facts?: Partial<MessageFacts>, dbTime?: number): MessageRecord
  /** One message in a transaction of its own. */
  committed(facts?: Partial<MessageFacts>, dbTime?: number): MessageRecord
  accept(message: MessageRecord): MessageRecord
}

export function handMade(): HandMade {
  const history = new History()
  const begin = () => history.begin(`tx${history.transactions.length}`, true)
  const enqueue: HandMade['enqueue'] = (transaction, facts = {}, dbTime = 0) => {
    const id = facts.id ?? `m${history.messages.size + 1}`
    const payload = `{"id":"${id}"}`
    const plain = {
      id,
      topic: 't',
      scope: 't/k',
      nature: 'plain',
      available: null,
      expiresAt: null,
      maxAttempts: 3,
    } as const
    return history.enqueue(transaction, { ...plain, payload, ...facts }, dbTime)
  }
  return {
    history,
    begin,
    enqueue,
    committed(facts, dbTime) {
      const transaction = begin()
      const message = enqueue(transaction, facts, dbTime)
      history.committed(transaction)
      return message
    },
    accept(message) {
      message.acceptances++
      if (message.acceptances === 1) message.firstAcceptedAt = ++history.tick
      return message
    },
  }
}
