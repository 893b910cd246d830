import { onServer } from '@waybill/conformance/containers'
import { expect, it, vi } from 'vitest'
import { migratedDatabase, server, type TestDatabase } from './server.ts'

/** Rows of one status, each published so many seconds ago. */
function fill(test: TestDatabase, rows: number, secondsAgo: number | null): Promise<unknown> {
  const columns = secondsAgo === null ? '' : ', status, published_at'
  const values =
    secondsAgo === null ? '' : `, 'PUBLISHED', (extract(epoch from now()) * 1000)::bigint - ${secondsAgo * 1000}`
  return test.query(
    `insert into waybill_messages (id, topic, type, payload${columns})
     select gen_random_uuid()::text, 't', 'x', ''${values} from generate_series(1, ${rows})`,
  )
}

async function counts(test: TestDatabase): Promise<Record<string, number>> {
  const rows = await test.query<{ status: string; count: string }>(
    'select status, count(*) from waybill_messages group by 1',
  )
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
}

onServer(server, { it }, (postgres) => {
  it('removes what was published long enough ago, and nothing else, in any number of batches', async () => {
    await using test = await migratedDatabase(postgres)
    await test.query('analyze waybill_messages')
    await fill(test, 20, null)
    await fill(test, 250, 7200)
    await fill(test, 30, null)
    await fill(test, 60, 60)
    await test.query(`call waybill_prune('1 hour', 100)`)
    expect(await counts(test)).toEqual({ PENDING: 50, PUBLISHED: 60 })
    await test.query(`call waybill_prune(older_than => '0 seconds')`)
    expect(await counts(test)).toEqual({ PENDING: 50 })
  })

  it('ends where all is young, and does not look further', async () => {
    await using test = await migratedDatabase(postgres)
    await fill(test, 100, 60)
    await fill(test, 100, 7200)
    await test.query(`call waybill_prune('1 hour', 50)`)
    expect(await counts(test)).toEqual({ PUBLISHED: 200 })
  })

  it('commits each batch, so that one that waits for somebody holds up neither producers nor the rest', async () => {
    await using test = await migratedDatabase(postgres)
    await fill(test, 300, 7200)
    const holder = await test.connect()
    await holder.query('begin; select from waybill_messages where position = 150 for update')
    const pruner = await test.connect()
    const pruning = pruner.query(`call waybill_prune('1 hour', 100)`)
    // The first batch is gone, and the second one waits.
    await vi.waitFor(async () => expect(await counts(test)).toEqual({ PUBLISHED: 200 }))
    await fill(test, 5, null)
    await holder.query('rollback')
    await pruning
    expect(await counts(test)).toEqual({ PENDING: 5 })
  })

  it('goes along the positions, whatever the statistics say', async () => {
    await using test = await migratedDatabase(postgres)
    await test.query('analyze waybill_messages')
    await fill(test, 20_000, 60)
    const client = await test.connect()
    await client.query(`load 'auto_explain'`)
    const plans: string[] = []
    client.on('notice', ({ message }) => plans.push(message ?? ''))
    await client.query(`set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
      set client_min_messages = log`)
    await client.query(`call waybill_prune('1 hour', 1000)`)
    const plan = plans.find((text) => text.includes('CTE looked')) ?? ''
    expect(plan).toMatch(/Index Scan using waybill_messages_pkey/)
    expect(plan).not.toMatch(/Sort|Seq Scan on waybill_messages/)
  })
})
