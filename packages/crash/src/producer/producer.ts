import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Outbox, WaybillError } from '@waybill/core'
import { sql } from 'kysely'
import type { Fate, Payload } from '../fates.ts'
import type { Random } from '../random.ts'
import type { OpenedForWork, StorageKind } from '../storages/storage.ts'
import type { CrashTransaction } from '../storages/tables.ts'
import { planTransaction, type Step, type TransactionPlan } from './plan.ts'
import type { Quota } from './quota.ts'

export interface ProducerOptions {
  readonly work: OpenedForWork
  readonly kind: StorageKind
  readonly quota: Quota
  readonly random: Random
  readonly thinkMs: number
  /** Tells whether the next message is one. */
  isBomb(): boolean
  onCommitted(ids: readonly string[]): void
  onRolledBack(): void
}

class ChangedMind extends Error {}

/** One connection of a service: transaction after transaction, until all that is to be committed has been. */
export class Producer {
  readonly #options: ProducerOptions
  readonly #outbox: Outbox<CrashTransaction>

  constructor(options: ProducerOptions) {
    this.#options = options
    this.#outbox = new Outbox<CrashTransaction>({ storage: options.work.storage })
  }

  async run(): Promise<void> {
    const { quota, random, thinkMs, kind } = this.#options
    while (!quota.isUsedUp) {
      await wait(random.next() * 2 * thinkMs)
      if (quota.left === 0) continue
      const plan = planTransaction(random, { singleWriter: kind.singleWriter, most: quota.left })
      quota.take(plan.steps.length)
      const ids = await this.#transaction(plan)
      if (ids === null) quota.rolledBack(plan.steps.length)
      else quota.committed(plan.steps.length)
    }
  }

  /** Answers null if nothing has committed. */
  async #transaction(plan: TransactionPlan): Promise<readonly string[] | null> {
    const { work, kind, random, onCommitted, onRolledBack } = this.#options
    const options = kind.singleWriter || random.chance(0.2) ? {} : { isolation: 'read committed' as const }
    try {
      const ids = await work.storage.transaction((tx) => this.#write(tx, plan), options)
      onCommitted(ids)
      return ids
    } catch (error) {
      // Deadlock, a lock that took too long: the service gives this one up.
      const isConflict = kind.isConflict(error) || (WaybillError.isInstance(error) && error.retryable)
      if (!isConflict && !(error instanceof ChangedMind)) throw error
      onRolledBack()
      return null
    }
  }

  async #write(tx: CrashTransaction, { steps, rollsBack }: TransactionPlan): Promise<readonly string[]> {
    const ids: string[] = []
    for (const step of steps) {
      ids.push(await this.#tell(tx, step))
      if (step.pauseMs > 0) await wait(step.pauseMs)
    }
    if (rollsBack) throw new ChangedMind('The customer has changed his mind')
    return ids
  }

  /** Locks the business key before it enqueues, unless the key is one of those where the outbox is asked to lock. */
  async #tell(tx: CrashTransaction, step: Step): Promise<string> {
    const { work, isBomb } = this.#options
    const id = randomUUID()
    const fate = isBomb() ? 'bomb' : step.fate
    const early = step.key?.kind === 'early'
    const known = early ? undefined : await this.#draw(tx, step)
    const beganAt = known?.now ?? (await this.#now(tx))
    await this.#enqueue(tx, { ...step, id, fate, sequence: known?.sequence ?? null })
    const { sequence } = known ?? (await this.#draw(tx, step))
    const due = step.delayMs > 0 ? sql<number>`${work.now} + ${sql.lit(step.delayMs)}` : null
    await tx
      .insertInto('crash_log')
      .values({
        message_id: id,
        topic: step.topic,
        key_name: step.key?.name ?? null,
        sequence,
        fate,
        began_at: beganAt,
        due_at: due,
      })
      .execute()
    return id
  }

  /** The next business sequence of the key; who has drawn it owns the key until the transaction ends. */
  async #draw(tx: CrashTransaction, { key }: Step): Promise<{ readonly sequence: number; readonly now: number }> {
    if (key === null) return { sequence: 0, now: await this.#now(tx) }
    const increment = sql<number>`sequence + 1`
    await tx.updateTable('crash_keys').set({ sequence: increment }).where('name', '=', key.name).execute()
    const row = await tx
      .selectFrom('crash_keys')
      .select(['sequence', this.#options.work.now.as('now')])
      .where('name', '=', key.name)
      .executeTakeFirstOrThrow()
    return { sequence: Number(row.sequence), now: Number(row.now) }
  }

  async #now(tx: CrashTransaction): Promise<number> {
    const { rows } = await sql<{ now: number }>`select ${this.#options.work.now} as now`.execute(tx)
    return Number(rows[0]?.now)
  }

  async #enqueue(tx: CrashTransaction, written: Written): Promise<void> {
    const { id, topic, key, fate, sequence, plainSql, delayMs } = written
    const payload: Payload = { key: key?.name ?? null, sequence, fate }
    const lockKey = key?.kind === 'early'
    if (plainSql && !lockKey) {
      await sql`insert into waybill_messages (id, topic, type, payload, ordering_key)
        values (${id}, ${topic}, 'told', ${JSON.stringify(payload)}, ${key?.name ?? null})`.execute(tx)
      return
    }
    await this.#outbox.enqueue(tx, 'told', payload, {
      id,
      topic,
      lockKey,
      ...(key === null ? {} : { orderingKey: key.name }),
      ...(delayMs === 0 ? {} : { delayMs }),
      ...(fate === 'expiring' ? { expiresAt: Date.now() + 150 } : {}),
    })
  }
}

interface Written extends Step {
  readonly id: string
  readonly fate: Fate
  /** Null where it is drawn only afterwards. */
  readonly sequence: number | null
}
