import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { HandLoop, LoopOptions } from '../outbox-database.ts'

const columns = `position, lane, attempts, crashes, id, topic, type, ordering_key, payload, headers, attributes,
  aggregate_type, aggregate_id, max_attempts, available_at, expires_at, created_at`
const waiting = `from waybill_messages force index (waybill_messages_status) where status = 'PENDING' and available_at is null`
const now = `timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000`
export const settle: Readonly<Record<'kept' | 'deleted', string>> = {
  kept: `update waybill_messages set status = 'PUBLISHED', published_at = ${now} where position in (?) and status = 'PENDING'`,
  deleted: `delete from waybill_messages where position in (?) and status = 'PENDING'`,
}
export const read: string = `select ${columns} ${waiting} and position > ? order by position limit ?`
export const take: string = `select ${columns} ${waiting} order by position limit ? for update skip locked`
export const lease: string = `update waybill_messages set attempts = attempts + 1, available_at = ${now} + 30000 where position in (?)`

async function connect(url: string): Promise<Connection> {
  const connection = await createConnection({ uri: url })
  await connection.query('set session transaction isolation level read committed')
  return connection
}

/** Read after a floor, settle by list. */
export async function bareLoop(url: string, { batchSize, keeps }: LoopOptions): Promise<HandLoop> {
  const connection = await connect(url)
  let floor = 0
  return {
    async next() {
      const [rows] = await connection.query<RowDataPacket[]>(read, [floor, batchSize])
      const positions = positionsOf(rows)
      floor = positions.at(-1) ?? floor
      if (positions.length > 0) await connection.query(keeps ? settle.kept : settle.deleted, [positions])
      return positions.length
    },
    [Symbol.asyncDispose]: () => connection.end(),
  }
}

/** What most outboxes do: lease rows with SKIP LOCKED, settle by list. */
export async function skipLockedLoop(url: string, { batchSize, keeps }: LoopOptions): Promise<HandLoop> {
  const connection = await connect(url)
  return {
    async next() {
      await connection.query('begin')
      const [rows] = await connection.query<RowDataPacket[]>(take, [batchSize])
      const positions = positionsOf(rows)
      if (positions.length > 0) await connection.query(lease, [positions])
      await connection.query('commit')
      if (positions.length > 0) await connection.query(keeps ? settle.kept : settle.deleted, [positions])
      return positions.length
    },
    [Symbol.asyncDispose]: () => connection.end(),
  }
}

function positionsOf(rows: readonly RowDataPacket[]): readonly number[] {
  return rows.map((row) => Number(row['position']))
}
