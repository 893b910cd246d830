import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { InboxConnection } from '../inbox/harness.ts'
import type { OpaqueTransaction } from '../transaction.ts'

type Tx = OpaqueTransaction

/** The life of a process: after its death it hears nothing any more, and the server rolls back what it had open. */
export class Life {
  readonly #death: PromiseWithResolvers<never> = Promise.withResolvers()
  readonly #end: PromiseWithResolvers<never> = Promise.withResolvers()
  #isOver = false

  constructor() {
    for (const { promise } of [this.#death, this.#end]) promise.catch(() => undefined)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  die(): void {
    this.#isOver = true
    this.#death.reject(new Error('the process was killed'))
  }

  /** Lets what waits in a dead process fail, so that it can be cleared away. */
  clear(): void {
    this.#end.reject(new Error('the process has been dead for long'))
  }

  /** What a call answers, if the process lives to make it and to hear of it. */
  async hears<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isOver) return await this.#end.promise
    const [answer] = await Promise.allSettled([call()])
    if (this.#isOver) return await this.#end.promise
    if (answer.status === 'rejected') throw answer.reason
    return answer.value
  }

  /** Fails at the death. */
  untilDeath<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#death.promise])
  }
}

/**
 * An inbox as a process has it that can be killed.
 *
 * @param onCommit - Called when a transaction has committed and the process does not know it yet.
 */
export function inboxOf(
  { inbox, runner }: InboxConnection<Tx>,
  life: Life,
  onCommit: () => Promise<void>,
): InboxStorage<Tx> & TransactionRunner<Tx> {
  const transaction: TransactionRunner<Tx>['transaction'] = (work, options) =>
    life.hears(async () => {
      const answer = await runner.transaction((tx) => life.untilDeath(Promise.resolve(work(tx))), options)
      await onCommit()
      return answer
    })
  return {
    specificationVersion: inbox.specificationVersion,
    name: inbox.name,
    record: (tx, receipts) => life.hears(() => inbox.record(tx, receipts)),
    prune: (options) => life.hears(() => inbox.prune(options)),
    transaction,
    ...(inbox.crashes && { crashes: mortal(inbox.crashes, life) }),
    ...(inbox.deadLetters && { deadLetters: mortal(inbox.deadLetters, life) }),
  }
}

/** The same object with calls that a dead process neither makes nor hears of. */
function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name, object)
      if (typeof member !== 'function') return member
      return (...parameters: readonly unknown[]) =>
        life.hears(async () => (await Reflect.apply(member, object, parameters)) as unknown)
    },
  })
}
