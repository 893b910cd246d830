import type { Position, RowRef } from '@waybill/core/lanes'
import { SortedList } from './sorted-list.ts'
import { availableAtOf, type StoredMessage } from './stored-message.ts'

const byPosition = (left: StoredMessage, right: StoredMessage): number => left.row.position - right.row.position
const byAvailability = (left: StoredMessage, right: StoredMessage): number =>
  availableAtOf(left) - availableAtOf(right) || byPosition(left, right)

/** The committed messages, with the indexes that a SQL table would have. */
export class MessageTable {
  readonly #positions = new Map<Position, StoredMessage>()
  readonly #ids = new Map<string, StoredMessage>()
  #scheduleReadAt = Number.NEGATIVE_INFINITY
  /** Pending rows without `availableAt`, by position. */
  readonly pending: SortedList<StoredMessage> = new SortedList(byPosition)
  /** Pending rows whose `availableAt` had come at the last {@link fallDue}, by position. */
  readonly due: SortedList<StoredMessage> = new SortedList(byPosition)
  /** Pending rows whose `availableAt` had not come, by that time. */
  readonly scheduled: SortedList<StoredMessage> = new SortedList(byAvailability)
  /** In the order in which they were published. */
  readonly published: Set<StoredMessage> = new Set()
  /** In the order in which they died. */
  readonly dead: Set<StoredMessage> = new Set()

  at(position: Position): StoredMessage | undefined {
    return this.#positions.get(position)
  }

  withId(id: string): StoredMessage | undefined {
    return this.#ids.get(id)
  }

  /** The row, if it is still the same message and pending. */
  pendingRow(reference: RowRef): StoredMessage | undefined {
    const stored = this.#positions.get(reference.position)
    return stored?.status === 'PENDING' && stored.row.message.id === reference.id ? stored : undefined
  }

  positions(): Iterable<Position> {
    return this.#positions.keys()
  }

  add(stored: StoredMessage): void {
    this.#positions.set(stored.row.position, stored)
    this.#ids.set(stored.row.message.id, stored)
    this.#index(stored)
  }

  remove(stored: StoredMessage): void {
    this.#unindex(stored)
    this.#positions.delete(stored.row.position)
    this.#ids.delete(stored.row.message.id)
  }

  update(stored: StoredMessage, change: Partial<StoredMessage>): void {
    this.#unindex(stored)
    Object.assign(stored, change)
    this.#index(stored)
  }

  /** Moves scheduled rows to those due, and back if the clock was set back. */
  fallDue(now: number): void {
    if (now < this.#scheduleReadAt) {
      const early: StoredMessage[] = []
      this.due.scan(
        () => true,
        (stored) => early.push(stored) > 0,
      )
      for (const stored of early) if (availableAtOf(stored) > now && this.due.remove(stored)) this.scheduled.add(stored)
    }
    this.#scheduleReadAt = now
    for (let next = this.scheduled.first(); next !== undefined; next = this.scheduled.first()) {
      if (availableAtOf(next) > now) return
      this.scheduled.remove(next)
      this.due.add(next)
    }
  }

  #index(stored: StoredMessage): void {
    if (stored.status === 'PUBLISHED') this.published.add(stored)
    else if (stored.status === 'DEAD') this.dead.add(stored)
    else if (stored.row.scheduled) this.scheduled.add(stored)
    else this.pending.add(stored)
  }

  #unindex(stored: StoredMessage): void {
    if (stored.status === 'PUBLISHED') this.published.delete(stored)
    else if (stored.status === 'DEAD') this.dead.delete(stored)
    else if (!stored.row.scheduled) this.pending.remove(stored)
    else if (!this.due.remove(stored)) this.scheduled.remove(stored)
  }
}
