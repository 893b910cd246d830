import pg from 'pg'
import type { HandLoop, LoopOptions } from '../outbox-database.ts'

const columns = `position, lane, attempts, crashes, id, topic, type, ordering_key, payload, headers, attributes,
  aggregate_type, aggregate_id, max_attempts, available_at, expires_at, created_at`
const waiting = `status = 'PENDING' and available_at is null`
const listed = `position = any($1::bigint[]) and status = 'PENDING'`
export const settle: Readonly<Record<'kept' | 'deleted', string>> = {
  kept: `update waybill_messages set status = 'PUBLISHED', published_at = extract(epoch from now()) * 1000 where ${listed}`,
  deleted: `delete from waybill_messages where ${listed}`,
}
export const read: string = `select ${columns} from waybill_messages where ${waiting} and position > $1 order by position limit $2`
export const take: string = `
  select ${columns} from waybill_messages where ${waiting} order by position limit $1 for update skip locked`
export const lease: string = `
  with taken as (
    select position from waybill_messages where ${waiting} order by position limit $1 for update skip locked
  )
  update waybill_messages as messages
    set attempts = attempts + 1, available_at = extract(epoch from now()) * 1000 + 30000
    from taken where messages.position = taken.position
    returning ${columns.replace('position', 'messages.position')}`

interface Row {
  readonly position: string
}

/** Settlements as the storage has them: a power cut may undo the newest, and messages are published twice. */
async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('set synchronous_commit = off')
  return client
}

/** Read after a floor, settle by list. */
export async function bareLoop(url: string, { batchSize, keeps }: LoopOptions): Promise<HandLoop> {
  const client = await connect(url)
  let floor = '0'
  return {
    async next() {
      const { rows } = await client.query<Row>({ name: 'read', text: read, values: [floor, batchSize] })
      const positions = rows.map((row) => row.position)
      floor = positions.at(-1) ?? floor
      if (positions.length > 0) await client.query(settlement(keeps, positions))
      return positions.length
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** What most outboxes do: lease rows with SKIP LOCKED, settle by list. */
export async function skipLockedLoop(url: string, { batchSize, keeps }: LoopOptions): Promise<HandLoop> {
  const client = await connect(url)
  return {
    async next() {
      const { rows } = await client.query<Row>({ name: 'lease', text: lease, values: [batchSize] })
      if (rows.length > 0)
        await client.query(
          settlement(
            keeps,
            rows.map((row) => row.position),
          ),
        )
      return rows.length
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

function settlement(keeps: boolean, positions: readonly string[]): pg.QueryConfig {
  return { name: 'settle', text: keeps ? settle.kept : settle.deleted, values: [`{${positions.join()}}`] }
}
