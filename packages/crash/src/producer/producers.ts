import { join } from 'node:path'
import { Child } from '../process/child.ts'
import type { FromProducer, ProducerInput } from './protocol.ts'

/** The producers' processes, and what they have told. */
export class Producers {
  /** When the producer of each message learnt of its commit, in milliseconds since the epoch. */
  readonly committedAt: Map<string, number> = new Map()
  /** Resolves when all have committed all that they had to; rejects when one fails. */
  readonly done: Promise<void>
  rollbacks = 0
  readonly #children: readonly Child<never, FromProducer>[]

  constructor(inputs: readonly ProducerInput[], folder: string) {
    const started = inputs.map((input, index) => this.#start(input, join(folder, `producer-${index + 1}.out`)))
    this.#children = started.map(({ child }) => child)
    this.done = Promise.all(started.map(({ done }) => done)).then(() => undefined)
    // Whoever does not wait for it has another reason to stop.
    this.done.catch(() => undefined)
  }

  get committed(): number {
    return this.committedAt.size
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.signal('SIGKILL')
    await Promise.all(this.#children.map(({ ended }) => ended))
  }

  #start(input: ProducerInput, output: string) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const module = new URL('producer-process.ts', import.meta.url)
    const child = new Child<never, FromProducer>({ module, input, output }, (message) => {
      if (message.type === 'done') return resolve()
      for (const { id, at } of message.messages) this.committedAt.set(id, at)
      this.rollbacks += message.rollbacks
    })
    void child.ended.then(() => reject(new Error(`A producer has ended before it was done, see ${output}`)))
    return { child, done: promise }
  }
}
