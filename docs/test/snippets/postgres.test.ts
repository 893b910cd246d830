import { readFileSync } from 'node:fs'
import { onServer, sharedPostgres } from '@waybill/conformance/containers'
import { Relay } from '@waybill/core'
import { memoryPublisher } from '@waybill/memory'
import { migratePostgres, postgresStorage } from '@waybill/postgres'
import { Pool } from 'pg'
import { expect, it, onTestFinished } from 'vitest'

const sql = (name: string): string => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
const server = await sharedPostgres()

onServer(server, { it }, (postgres) => {
  async function migratedDatabase(): Promise<Pool> {
    const database = await postgres.createDatabase()
    const pool = new Pool({ connectionString: database.url })
    onTestFinished(async () => {
      await pool.end()
      await database.drop()
    })
    await migratePostgres({ pool })
    return pool
  }

  it('enqueues by SQL', async () => {
    const pool = await migratedDatabase()
    await pool.query(sql('enqueue-postgres.sql'))
    await pool.query(sql('debezium-clean.sql'))
    const storage = postgresStorage({ pool })
    const publisher = memoryPublisher()
    await new Relay({ storage, publisher }).drain()
    expect(publisher.published.map(({ orderingKey, type }) => [orderingKey, type])).toEqual([['o-4', 'order.placed']])
    await storage.close()
  })

  it('moves what pg-transactional-outbox has not sent, in its order', async () => {
    const pool = await migratedDatabase()
    await pool.query(sql('pgto-table.sql'))
    await pool.query(`insert into outbox (id, aggregate_type, aggregate_id, message_type, segment, concurrency, payload, created_at, processed_at)
      values (gen_random_uuid(), 'order', '1', 'placed', null, 'sequential', '{"n":2}', '2026-01-02', null),
        (gen_random_uuid(), 'order', '1', 'drafted', null, 'sequential', '{"n":1}', '2026-01-01', null),
        (gen_random_uuid(), 'order', '2', 'placed', 'eu', 'sequential', '{"n":3}', '2026-01-03', null),
        (gen_random_uuid(), 'order', '3', 'placed', null, 'parallel', '{"n":4}', '2026-01-04', null),
        (gen_random_uuid(), 'order', '4', 'placed', null, 'sequential', '{"n":5}', '2026-01-05', now())`)
    await pool.query(sql('pgto-move.sql'))
    const { rows } = await pool.query(
      `select type, ordering_key as key, convert_from(payload, 'UTF8')::json->>'n' as n from waybill_messages order by position`,
    )
    expect(rows).toEqual([
      { type: 'drafted', key: 'order:1', n: '1' },
      { type: 'placed', key: 'order:1', n: '2' },
      { type: 'placed', key: 'eu', n: '3' },
      { type: 'placed', key: null, n: '4' },
    ])
  })
})
