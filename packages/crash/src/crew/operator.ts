import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Fate, mortalFates } from '../fates.ts'
import type { Random } from '../random.ts'
import type { OpenedForWork } from '../storages/storage.ts'

interface DeadRow {
  readonly id: string
  readonly reason: string
  readonly fate: Fate
}

const lookEveryMs = 200
const rowsPerLook = 50

/** Redrives dead messages while the relays run: most of those that may live, and all that should never have died. */
export class Operator {
  readonly #work: OpenedForWork
  readonly #random: Random
  /** Dead messages that have been looked at and left, until they are redriven at the end. */
  readonly #left = new Set<string>()
  #redriven = 0

  constructor(work: OpenedForWork, random: Random) {
    this.#work = work
    this.#random = random
  }

  get redriven(): number {
    return this.#redriven
  }

  /** Until it is told to stop. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look()
      await wait(lookEveryMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** The last look. Answers whether something has come to life again. */
  async redriveInnocents(): Promise<boolean> {
    const innocent = (await this.#dead()).filter(({ fate }) => !mortalFates.includes(fate))
    await this.#redrive(innocent)
    return innocent.length > 0
  }

  async #look(): Promise<void> {
    const dead = (await this.#dead()).filter(({ id }) => !this.#left.has(id)).slice(0, rowsPerLook)
    const chosen = dead.filter(({ fate }) => fate !== 'bomb' && this.#random.chance(0.7))
    for (const { id } of dead) this.#left.add(id)
    for (const { id } of chosen) this.#left.delete(id)
    await this.#redrive(chosen)
  }

  /** What is redriven is noted first: a message that has died may come late in its key, whatever becomes of the redrive. */
  async #redrive(rows: readonly DeadRow[]): Promise<void> {
    if (rows.length === 0) return
    const { db, storage } = this.#work
    const notes = rows.map(({ id, reason }) => ({ message_id: id, reason }))
    await db.insertInto('crash_redriven').values(notes).execute()
    this.#redriven += await storage.deadLetters.redrive({ ids: rows.map(({ id }) => id) })
  }

  async #dead(): Promise<readonly DeadRow[]> {
    const { rows } = await sql<DeadRow>`
      select m.id, m.dead_reason as reason, l.fate from waybill_messages m
      join crash_log l on l.message_id = m.id where m.status = 'DEAD'`.execute(this.#work.db)
    return rows
  }
}
