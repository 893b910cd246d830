import type { Pool } from 'pg'
import { payloadBytes, type Rows, usualKeys } from '../outbox-database.ts'

const rowsPerTransaction = 100_000

/** Ids ascend as UUIDv7 does. */
const insertRows = `
  insert into waybill_messages (id, topic, type, ordering_key, payload, status, created_at, published_at,
    aggregate_type, aggregate_id)
  select '01990000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), ($3::text[])[n % cardinality($3::text[]) + 1],
    'order.placed', 'order-' || n % $4::bigint,
    convert_to('{"orderId":' || n || ',"note":"' || repeat('x', $5::int - 22 - length(n::text)) || '"}', 'utf8'),
    $6::text, 1760000000000 + n, case when $6::text = 'PUBLISHED' then 1760000000000 + n end, null, null
  from generate_series($1::bigint, $2::bigint) as n`

/** @param first - Number of the first row; no two rows of a table have the same. */
export async function addRows(pool: Pool, rows: Rows, first: number): Promise<void> {
  const { count, keys = usualKeys, topics = ['orders'], status = 'PENDING' } = rows
  for (let done = 0; done < count; done += rowsPerTransaction) {
    const from = first + done
    const to = from + Math.min(rowsPerTransaction, count - done) - 1
    await pool.query(insertRows, [from, to, topics, keys, rows.payloadBytes ?? payloadBytes, status])
  }
}
