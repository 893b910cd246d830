import type { PublishOptions, PublishOutcome } from '@waybill/core/contracts'
import type { Redis } from 'ioredis'
import { type AppendTerms, addAppend, type Chunk, readAppended } from './append.ts'
import { confirmationOf, shortOf } from './durability.ts'
import { isReply, unknown, unreachable } from './errors.ts'
import type { RedisLink } from './link.ts'
import type { Durability } from './options.ts'

interface CallTerms extends AppendTerms {
  readonly link: RedisLink
  readonly durability: Durability
  /** To be filled, by the index of the message. */
  readonly outcomes: (PublishOutcome | undefined)[]
}

type Reply = [Error | null, unknown]

/** Part of the caller's time that is left for answering, so that what is known by then is not lost with the rest. */
const answeringShare = 0.1
const noTime = 'Redis did not answer in time'

/** One call of `publish`: what is on its way, and what is known of it. */
export class PublishCall {
  readonly #terms: CallTerms
  readonly #deadline: number
  readonly #over: Promise<'over'>
  readonly #stopWaiting: () => void
  /** Appended, but not known to be durable. */
  readonly #appended: number[] = []
  readonly #failedStreams = new Map<string, PublishOutcome>()

  constructor(terms: CallTerms, { signal, timeoutMs }: PublishOptions) {
    this.#terms = terms
    const patienceMs = timeoutMs * (1 - answeringShare)
    this.#deadline = performance.now() + patienceMs
    const over = Promise.withResolvers<'over'>()
    const timer = setTimeout(() => over.resolve('over'), patienceMs)
    const onAbort = (): void => over.resolve('over')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#over = over.promise
    this.#stopWaiting = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  async run(rounds: readonly (readonly Chunk[])[]): Promise<void> {
    const client = await this.#connect(rounds.flat())
    for (const [number, round] of rounds.entries()) {
      if (client === undefined) break
      const chunks = round.filter((chunk) => !this.#leaveOut(chunk))
      const isLast = number === rounds.length - 1
      if (!(await this.#append(client, chunks, isLast))) {
        for (const chunk of rounds.slice(number + 1).flat())
          this.#answer(chunk, 0, unreachable(new Error('the connection was lost before the message was sent')))
        break
      }
    }
    this.#stopWaiting()
  }

  /** Without a connection nothing has been sent: that is an outage. */
  async #connect(chunks: readonly Chunk[]): Promise<Redis | undefined> {
    try {
      const client = await Promise.race([this.#terms.link.connect(), this.#over])
      if (client !== 'over') return client
      this.#terms.link.drop()
      throw new Error('it could not be connected to in time')
    } catch (error) {
      for (const chunk of chunks) this.#answer(chunk, 0, unreachable(error))
      return undefined
    }
  }

  /** Answers whether the call may go on. */
  async #append(client: Redis, chunks: readonly Chunk[], isLast: boolean): Promise<boolean> {
    const { link, durability } = this.#terms
    const confirmation = isLast ? confirmationOf(durability) : undefined
    const pipeline = client.pipeline()
    for (const chunk of chunks) addAppend(pipeline, chunk, this.#terms)
    if (confirmation !== undefined) {
      const waitMs = Math.max(1, Math.floor((this.#deadline - performance.now()) * (1 - answeringShare)))
      pipeline.call(confirmation.command, [...confirmation.counts, waitMs])
    }
    const replies = await Promise.race([pipeline.exec().catch((error: Error) => error), this.#over])
    if (replies === 'over' || replies instanceof Error || replies === null) {
      const reason = replies instanceof Error ? unknown('The connection to Redis was lost', replies) : unknown(noTime)
      link.drop(client)
      for (const chunk of chunks) this.#answer(chunk, 0, reason)
      this.#conclude(reason)
      return false
    }
    if (!this.#read(client, chunks, replies)) return false
    if (isLast) this.#conclude(confirmation && this.#confirmed(confirmation, replies[chunks.length]))
    return true
  }

  /** Answers `false` if the connection was lost between the replies. */
  #read(client: Redis, chunks: readonly Chunk[], replies: readonly Reply[]): boolean {
    let lost: PublishOutcome | undefined
    for (const [place, chunk] of chunks.entries()) {
      const { added, rest, error } = readAppended(chunk.stream, replies[place])
      if (error !== undefined) lost = unknown('The connection to Redis was lost', error)
      const outcome = error === undefined ? rest : lost
      if (outcome !== undefined) this.#answer(chunk, added, outcome)
      this.#appended.push(...chunk.indexes.slice(0, outcome === undefined ? undefined : added))
    }
    if (lost === undefined) return true
    this.#terms.link.drop(client)
    this.#conclude(lost)
    return false
  }

  #confirmed(
    confirmation: NonNullable<ReturnType<typeof confirmationOf>>,
    reply: Reply | undefined,
  ): PublishOutcome | undefined {
    const [error, counts] = reply ?? [new Error('There is no reply'), undefined]
    if (error !== null) {
      const what = isReply(error) ? `${confirmation.command} was refused` : 'The connection to Redis was lost'
      return unknown(what, error)
    }
    const short = shortOf(confirmation, counts)
    return short === undefined ? undefined : unknown(`The message may not be durable: ${short}`)
  }

  /** What has been appended is accepted, or what the reason against it says. */
  #conclude(reason: PublishOutcome | undefined): void {
    for (const index of this.#appended.splice(0)) this.#terms.outcomes[index] = reason ?? { type: 'accepted' }
  }

  /** After a failure nothing more is appended to a stream: it holds the same keys. */
  #leaveOut(chunk: Chunk): boolean {
    const outcome = this.#failedStreams.get(chunk.stream)
    if (outcome !== undefined) this.#answer(chunk, 0, outcome.type === 'unknown' ? { type: 'not-sent' } : outcome)
    return outcome !== undefined
  }

  /** Of the entries of a chunk, those from the given place on. */
  #answer({ stream, indexes }: Chunk, from: number, outcome: PublishOutcome): void {
    for (const index of indexes.slice(from)) this.#terms.outcomes[index] = outcome
    this.#failedStreams.set(stream, outcome)
  }
}
