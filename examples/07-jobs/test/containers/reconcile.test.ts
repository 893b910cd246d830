import { randomUUID } from 'node:crypto'
import { onServer, type Server, sharedPostgres, sharedRedis } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { openPipeline, type Pipeline, ready } from './pipeline.ts'

const postgres = await sharedPostgres()
const redis = await sharedRedis()

async function run(pipeline: Pipeline, script: string, started: RegExp, input = ''): Promise<string> {
  const service = await pipeline.start(script, started, { input })
  expect(await service.ended, service.output).toMatchObject({ code: 0 })
  return service.output
}

const reconcile = (pipeline: Pipeline) => run(pipeline, 'reconcile', /^reconcile: /m)

async function withReconciliation(servers: { readonly postgres: Server; readonly redis: Server }): Promise<void> {
  const pipeline = await openPipeline(servers.postgres, servers.redis)
  await run(pipeline, 'submit', ready('submit'), '1 chair 100\n\n1 lamp 7')
  const [lost, another, done] = [randomUUID(), randomUUID(), randomUUID()]
  // The past: two documents of which BullMQ was never told, and one that has gone all the way.
  await pipeline.query(`
    insert into documents (id, text) values ('${lost}', '2 table 500'), ('${another}', '1 lamp 7'), ('${done}', '1 bed 900');
    insert into lines values ('${done}', 'bed', 900);
    insert into totals values ('${done}', 900);
    insert into postings (document_id, cents) values ('${done}', 900);
    update documents set submitted_at = now() - interval '1 day'`)
  const runs = await Promise.all([reconcile(pipeline), reconcile(pipeline)])
  const started = runs.map((output) => Number(/of which (\d+) were lost/.exec(output)?.[1]))
  expect(started.reduce((sum, each) => sum + each, 0)).toBe(2)
  await pipeline.start('relay', ready('relay'))
  await pipeline.start('worker', ready('worker'))
  const postings = () => pipeline.query('select cents from postings order by cents')
  const expected = [7, 7, 100, 900, 1000].map((cents) => ({ cents }))
  await expect.poll(postings, { timeout: 60_000 }).toEqual(expected)
  expect(await reconcile(pipeline)).toContain('5 documents, of which 0 were lost')
  expect(await postings()).toEqual(expected)
}

onServer(postgres, { it: test }, (database) =>
  onServer(redis, { it: test }, (server) => {
    test('documents that a dual write has lost are started, once, and no other', async () => {
      await withReconciliation({ postgres: database, redis: server })
    }, 180_000)
  }),
)
