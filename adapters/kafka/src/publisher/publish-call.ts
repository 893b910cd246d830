import { orderingScope, PublishError, type PublishOutcome } from '@waybill/core/contracts'
import type { BatchOutcome, ProducerLink, RecordBatch } from '../client/client.ts'
import { outcomeOf } from '../failure.ts'
import { type Lane, type Outgoing, toRecord } from './outgoing.ts'

type Answer = readonly [lane: Lane, chunk: readonly Outgoing[], outcome: BatchOutcome]

const accepted: PublishOutcome = { type: 'accepted' }
const notSent: PublishOutcome = { type: 'not-sent' }

/** The outcomes of one publish call, as they become known. What is not known when the call ends is unknown. */
export class PublishCall {
  readonly #outcomes: (PublishOutcome | undefined)[]
  /** Keys of which a message was not accepted: nothing later of them is sent. */
  readonly #stopped = new Set<string>()
  /** The caller has its answer: nothing more may be sent, and what still comes is of no interest. */
  hasEnded = false
  #hasSent = false
  /** What failed, by topic; the publisher learns from it what not to use again. */
  readonly failedTopics: Set<string> = new Set()

  constructor(count: number) {
    this.#outcomes = new Array<PublishOutcome | undefined>(count).fill(undefined)
  }

  /** Settles a message; if it is not accepted, its key stops. */
  settle(message: Outgoing, outcome: PublishOutcome): void {
    this.#outcomes[message.index] = outcome
    if (outcome.type !== 'accepted') this.#stopped.add(orderingScope(message.message))
  }

  isStopped(message: Outgoing): boolean {
    return this.#stopped.size > 0 && this.#stopped.has(orderingScope(message.message))
  }

  stop(message: Outgoing): void {
    this.settle(message, notSent)
  }

  /**
   * Sends the lanes' chunks, of each lane one after the other, of all lanes side by side.
   *
   * @param alone - Each chunk in a request of its own, so that a failure is its own too.
   */
  async send(link: ProducerLink, lanes: readonly Lane[], alone: boolean): Promise<void> {
    for (let open = this.#nextChunks(lanes); open.length > 0; open = this.#nextChunks(lanes)) {
      this.#hasSent = true
      const batches = open.map(([lane, chunk]) => toBatch(lane, chunk))
      const groups = alone ? batches.map((batch) => [batch]) : [batches]
      const outcomes = await Promise.all(groups.map((group) => link.send(group)))
      for (const [index, outcome] of outcomes.flat().entries()) {
        const [lane, chunk] = open[index] ?? []
        if (lane !== undefined && chunk !== undefined) this.#settleChunk([lane, chunk, outcome])
      }
    }
  }

  /** One outcome for each message: what has not been answered is unknown, unless nothing at all has been sent. */
  end(reason: Error): readonly PublishOutcome[] {
    this.hasEnded = true
    return this.#outcomes.map((outcome) => outcome ?? (this.#hasSent ? unanswered(reason) : unreached(reason)))
  }

  /** The next chunk of each lane, without the messages of stopped keys. */
  #nextChunks(lanes: readonly Lane[]): (readonly [Lane, readonly Outgoing[]])[] {
    if (this.hasEnded) return []
    return lanes.flatMap((lane) => {
      for (let chunk = lane.chunks.shift(); chunk !== undefined; chunk = lane.chunks.shift()) {
        const open = this.#withoutStopped(chunk)
        if (open.length > 0) return [[lane, open] as const]
      }
      return []
    })
  }

  #withoutStopped(chunk: readonly Outgoing[]): readonly Outgoing[] {
    if (this.#stopped.size === 0) return chunk
    for (const message of chunk) if (this.isStopped(message)) this.stop(message)
    return chunk.filter((message) => !this.isStopped(message))
  }

  #settleChunk([lane, chunk, failure]: Answer): void {
    if (failure === null) {
      for (const message of chunk) this.#outcomes[message.index] = accepted
      return
    }
    if (failure.kind === 'too-large' && chunk.length > 1) {
      // Nothing of it was written: the halves may fit, or tell whose fault it is.
      const middle = chunk.length >> 1
      lane.chunks.unshift(chunk.slice(0, middle), chunk.slice(middle))
      return
    }
    this.failedTopics.add(lane.topic)
    for (const message of chunk) this.settle(message, outcomeOf(failure, lane.topic))
  }
}

function toBatch({ topic, partition }: Lane, chunk: readonly Outgoing[]): RecordBatch {
  return { topic, partition, records: chunk.map((message) => toRecord(message, partition)) }
}

function unanswered(reason: Error): PublishOutcome {
  const text = `Kafka had not answered when the call ended: ${reason.message}`
  return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', text, reason) }
}

function unreached(reason: Error): PublishOutcome {
  const text = `Nothing had been sent to Kafka when the call ended: ${reason.message}`
  return { type: 'unavailable', scope: 'broker', error: new PublishError('BROKER_UNAVAILABLE', text, reason) }
}
