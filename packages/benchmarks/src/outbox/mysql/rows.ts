import type { Connection } from 'mysql2/promise'
import { payloadBytes, type Rows, usualKeys } from '../outbox-database.ts'

const thousand = 1000
const rowsPerTransaction = 100 * thousand

/** Numbers from 0 to 999: two of them side by side count to a million. */
export const createNumbers: readonly string[] = [
  'create table numbers (n int primary key)',
  `insert into numbers (n) with recursive counted (n) as
    (select 0 union all select n + 1 from counted where n < ${thousand - 1}) select n from counted`,
]

/** Ids ascend as UUIDv7 does. Ordered: a join through a buffer brings all rows of a key together. */
const insertRows = `
  insert into waybill_messages (id, topic, type, ordering_key, payload, status, created_at, published_at)
  select concat('01990000-0000-7000-8000-', lpad(hex(n), 12, '0')), elt(n % ? + 1, ?), 'order.placed',
    concat('order-', n % ?), concat('{"orderId":', n, ',"note":"', repeat('x', ? - 22 - length(n)), '"}'), ?,
    1760000000000 + n, if(? = 'PUBLISHED', 1760000000000 + n, null)
  from (select ? + thousands.n * ${thousand} + ones.n as n
    from numbers as thousands straight_join numbers as ones
    where thousands.n < ? and thousands.n * ${thousand} + ones.n < ?) as counted
  order by n`

/** @param first - Number of the first row; no two rows of a table have the same. */
export async function addRows(connection: Connection, rows: Rows, first: number): Promise<void> {
  const { count, keys = usualKeys, topics = ['orders'], status = 'PENDING' } = rows
  for (let done = 0; done < count; done += rowsPerTransaction) {
    const part = Math.min(rowsPerTransaction, count - done)
    const values = [topics.length, topics, keys, rows.payloadBytes ?? payloadBytes, status, status]
    await connection.query(insertRows, [...values, first + done, Math.ceil(part / thousand), part])
  }
}
