import { setImmediate as nextTurn } from 'node:timers/promises'
import { StorageError } from '@waybill/core/contracts'

export type Synchronous = 'full' | 'normal'

/** What is to be written, and how. */
export interface Write<T> {
  /** Does it, without a pause; is called again when what it has done was rolled back. */
  readonly attempt: () => T
  /** `full`: on the disk when it is answered. */
  readonly synchronous: Synchronous
  /** It begins and ends a transaction itself. */
  readonly alone: boolean
}

/** What the queue needs of the connection. */
export interface WriteAccess {
  /** Pauses before a commit where others should come first. */
  leaveGap(): Promise<void>
  /** Runs `attempt`, again and again while others hold the lock. Rejects with errors that are classified. */
  alone<T>(synchronous: Synchronous, attempt: () => T): Promise<T>
  /** As {@link alone}, in one transaction. */
  inTransaction<T>(synchronous: Synchronous, attempt: () => T): Promise<T>
}

interface Waiting extends Write<unknown> {
  resolve(result: unknown): void
  reject(error: unknown): void
}

/**
 * One commit after the other. Writes that come in the same turn of the event loop share one: a relay settles a batch while it
 * announces the next, and a shared commit takes the lock and reaches the disk once.
 *
 * Each commit waits for a turn of the event loop. The driver answers at once, so that a relay whose broker does so too would
 * let nothing else happen in its process until it has no more to do.
 */
export class WriteQueue {
  readonly #access: WriteAccess
  #waiting: Waiting[] = []
  #working = false

  constructor(access: WriteAccess) {
    this.#access = access
  }

  add<T>(write: Write<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ ...write, resolve: resolve as (result: unknown) => void, reject })
      if (!this.#working) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#working = true
    while (this.#waiting.length > 0) {
      await nextTurn()
      await this.#writeNext()
    }
    this.#working = false
  }

  async #writeNext(): Promise<void> {
    try {
      await this.#access.leaveGap()
    } catch (error) {
      for (const write of this.#waiting.splice(0)) write.reject(error)
      return
    }
    const group = this.#nextGroup()
    const shared = group.length > 1 && (await this.#writeTogether(group))
    if (!shared) for (const write of group) await this.#writeAlone(write)
  }

  #nextGroup(): readonly Waiting[] {
    const alone = this.#waiting.findIndex((write) => write.alone)
    return this.#waiting.splice(0, alone === -1 ? this.#waiting.length : Math.max(1, alone))
  }

  /** Answers whether all have been answered. One that fails must not fail the others: then each is tried for itself. */
  async #writeTogether(group: readonly Waiting[]): Promise<boolean> {
    const synchronous = group.some((write) => write.synchronous === 'full') ? 'full' : 'normal'
    try {
      const results = await this.#access.inTransaction(synchronous, () => group.map((write) => write.attempt()))
      for (const [index, write] of group.entries()) write.resolve(results[index])
      return true
    } catch (error) {
      const locked = StorageError.isInstance(error) && error.code === 'STORAGE_LOCKED'
      if (locked) for (const write of group) write.reject(error)
      return locked
    }
  }

  async #writeAlone({ synchronous, attempt, resolve, reject }: Waiting): Promise<void> {
    await this.#access.alone(synchronous, attempt).then(resolve, reject)
  }
}
