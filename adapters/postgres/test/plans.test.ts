import { onServer } from '@waybill/conformance/containers'
import { nextDue, publishTemplate, sqlContext } from '@waybill/sql'
import pg from 'pg'
import { expect, it } from 'vitest'
import { relayPlans } from '../src/database.ts'
import { postgresDialect } from '../src/dialect.ts'
import { readStatements } from '../src/read-statement.ts'
import { type Settings, setSettings } from '../src/settings.ts'
import { everything } from './lane-setup.ts'
import { migratedDatabase, server, type TestDatabase } from './server.ts'

interface Explainable {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Of a prepared statement, by default as a relay's session plans it. */
async function planOf(
  test: TestDatabase,
  { sql, parameters }: Explainable,
  session: Settings = relayPlans,
): Promise<string> {
  const client = await test.connect()
  const { sql: settings, parameters: values } = setSettings(session, 'session')
  await client.query(settings, [...values])
  await client.query(`prepare statement as ${sql}`)
  const list = parameters.map((value) => (typeof value === 'number' ? value : pg.escapeLiteral(String(value))))
  const { rows } = await client.query(`explain execute statement${list.length === 0 ? '' : `(${list.join()})`}`)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

const aggregateOf = (table: string) =>
  `select id, status from ${table} where aggregate_type = 'order' and aggregate_id = '7' order by position`

const context = sqlContext(postgresDialect, 'waybill_')
const read = readStatements(context)

/** As an outbox is when its statistics are taken, and as it is a moment later. */
async function staleDatabase(postgres: Parameters<typeof migratedDatabase>[0]): Promise<TestDatabase> {
  const test = await migratedDatabase(postgres)
  await test.query('analyze waybill_messages')
  const fill = (rows: number, columns = '', values = '') =>
    test.query(
      `insert into waybill_messages (id, topic, type, payload${columns})
       select gen_random_uuid()::text, 'orders', 'order.placed', 'x'${values} from generate_series(1, ${rows})`,
    )
  await fill(5000, ', status, published_at', `, 'PUBLISHED', 1`)
  await fill(5000)
  await fill(100, ', available_at', ', 9999999999999')
  return test
}

onServer(server, { it }, (postgres) => {
  it.for([
    ['a read of all lanes', {}],
    ['a read of some lanes', { lanes: [1, 2, 3] }],
    ['a sweep', { upTo: 9000, exclude: [5001] }],
    ['a probe', { onlyTopic: 'orders', skipKeys: [{ topic: 'orders', key: 'k' }] }],
    ['a read beside topics that are down and writers that are open', { skipTopics: ['down'], watch: ['1/1'] }],
  ] as const)('%s goes by the indexes of pending rows, whatever the statistics say', async ([, request]) => {
    await using test = await staleDatabase(postgres)
    for (const analyzed of [false, true]) {
      if (analyzed) await test.query('vacuum analyze waybill_messages')
      const plan = await planOf(test, read({ ...everything, ...request, after: 1 }))
      expect(plan).toMatch(/Index Scan using waybill_messages_pending .*\n\s+Index Cond: \(\(?"position" > \$1\)/)
      if (!('upTo' in request)) {
        expect(plan).toMatch(/using waybill_messages_scheduled .*\n\s+Index Cond: \(available_at <= /)
        expect(plan).toMatch(/using waybill_messages_scheduled .*\n\s+Index Cond: \(available_at > /)
      }
      expect(plan).not.toMatch(
        /Seq Scan on waybill_messages(?!_position_seq)|Bitmap|waybill_messages_pkey|Hash Join|Merge Join|Gather/,
      )
    }
  })

  it.for([true, false])('rows are settled by their places (kept: %s)', async (keeps) => {
    await using test = await staleDatabase(postgres)
    const rows = [{ position: 5001, id: 'a' }]
    const publish = publishTemplate(context, keeps, context.dialect.rowOneOf)
    const plan = await planOf(test, publish(rows))
    expect(plan).toMatch(/Index Scan using waybill_messages_(pkey|id_key)/)
    expect(plan).not.toMatch(/Seq Scan on waybill_messages|Bitmap/)
  })

  it.for<[string, string, string]>([
    ['one message', `select status from waybill_messages where id = 'a'`, 'waybill_messages_id_key'],
    ['the messages of one aggregate', aggregateOf('waybill_messages'), 'waybill_messages_aggregate'],
    ['dead letters', `select id from waybill_messages where status = 'DEAD' order by died_at limit 10`, '_dead'],
    ['one message of the history', `select status from waybill_history where id = 'a'`, '_id_idx'],
    ['the history of one aggregate', aggregateOf('waybill_history'), '_aggregate_id_aggregate_type_idx'],
  ])('what operators ask of %s is in an index', async ([, sql, index]) => {
    await using test = await staleDatabase(postgres)
    await test.query(`select waybill_rotate_history('1 day')`)
    await test.query(
      `insert into waybill_history (position, id, topic, type, payload, status, lane, attempts, crashes, created_at,
         enqueued_at, aggregate_type, aggregate_id, published_at)
       select position, id, topic, type, payload, 'PUBLISHED', lane, 0, 0, 1, 1, 'order', position::text,
         (extract(epoch from now()) * 1000)::bigint from waybill_messages`,
    )
    await test.query('vacuum analyze waybill_messages, waybill_history')
    expect(await planOf(test, { sql, parameters: [] }, { jit: 'off' })).toContain(index)
  })

  it('the next due time is at the front of an index', async () => {
    await using test = await staleDatabase(postgres)
    const plan = await planOf(test, nextDue(context, null).compile())
    expect(plan).toMatch(/Index Only Scan using waybill_messages_scheduled/)
  })
})
