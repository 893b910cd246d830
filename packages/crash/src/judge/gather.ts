import { sql } from 'kysely'
import type { Broker } from '../broker/broker.ts'
import type { RelayLife } from '../crew/history.ts'
import type { Fate } from '../fates.ts'
import type { CrashKysely } from '../storages/tables.ts'
import type { CommittedMessage, Effect, Evidence, FinalRow, Leftovers } from './evidence.ts'

export interface Witnesses {
  readonly db: CrashKysely
  readonly broker: Broker
  readonly lives: readonly RelayLife[]
  readonly leaseMs: number
  readonly rowsKept: boolean
  /** Of the consumers; null if there were none. */
  readonly orderedTopics: readonly string[] | null
}

/** Asks the witnesses, each in its own words: the database by SQL of this file, never through the library. */
export async function gather({ db, broker, lives, leaseMs, rowsKept, orderedTopics }: Witnesses): Promise<Evidence> {
  return {
    committed: await readCommitted(db),
    accepted: await broker.readLog(),
    rows: await readRows(db),
    rowsKept,
    leftovers: await readLeftovers(db),
    redriven: (await db.selectFrom('crash_redriven').selectAll().execute()).map(({ message_id, reason }) => ({
      id: message_id,
      reason,
    })),
    effects: orderedTopics === null ? null : await readEffects(db),
    orderedTopics: orderedTopics ?? [],
    lives,
    leaseMs,
    refusesInPart: broker.refusesInPart,
  }
}

/** Pending messages, due or not. */
export async function countPending(db: CrashKysely): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from waybill_messages where status = 'PENDING'`.execute(db)
  return Number(rows[0]?.count)
}

/** What is remembered of failures. Of a message that is settled the next claim of its lane forgets it. */
export async function countRemembered(db: CrashKysely): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from waybill_holds) + (select count(*) from waybill_suspects) as count`.execute(db)
  return Number(rows[0]?.count)
}

/** Messages that have left the outbox, and that no consumer has written an effect of. */
export async function countWithoutEffect(db: CrashKysely): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from crash_log l left join waybill_messages m on m.id = l.message_id
    where (m.id is null or m.status = 'PUBLISHED')
      and not exists (select 1 from crash_effects e where e.message_id = l.message_id)`.execute(db)
  return Number(rows[0]?.count)
}

async function readEffects(db: CrashKysely): Promise<readonly Effect[]> {
  const rows = await db.selectFrom('crash_effects').selectAll().orderBy('number').execute()
  return rows.map(({ message_id, topic, key_name, payload, consumer }) => ({
    id: message_id,
    topic,
    key: key_name,
    payload,
    consumer,
  }))
}

async function readCommitted(db: CrashKysely): Promise<readonly CommittedMessage[]> {
  const rows = await db.selectFrom('crash_log').selectAll().execute()
  return rows.map((row) => ({
    id: row.message_id,
    topic: row.topic,
    key: row.key_name,
    sequence: Number(row.sequence),
    fate: row.fate as Fate,
    beganAt: Number(row.began_at),
    dueAt: row.due_at === null ? null : Number(row.due_at),
  }))
}

async function readRows(db: CrashKysely): Promise<readonly FinalRow[]> {
  const { rows } = await sql<{
    id: string
    status: FinalRow['status']
    dead_reason: string | null
    attempts: number
  }>`select id, status, dead_reason, attempts from waybill_messages`.execute(db)
  return rows.map(({ id, status, dead_reason, attempts }) => ({
    id,
    status,
    deadReason: dead_reason,
    attempts: Number(attempts),
  }))
}

async function readLeftovers(db: CrashKysely): Promise<Leftovers> {
  const { rows } = await sql<Record<keyof Leftovers, number>>`select
    (select count(*) from waybill_holds) as holds,
    (select count(*) from waybill_suspects) as suspects,
    (select count(*) from waybill_lanes where owner is not null) as ${sql.id('ownedLanes')},
    (select count(*) from waybill_lanes) as lanes`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('The database has not answered')
  const { holds, suspects, ownedLanes, lanes } = row
  return {
    holds: Number(holds),
    suspects: Number(suspects),
    ownedLanes: Number(ownedLanes),
    lanes: Number(lanes),
  }
}
