import { onServer, type Server, sharedPostgres, sharedRedis } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { openPipeline, type Pipeline, ready } from './pipeline.ts'

const postgres = await sharedPostgres()
const redis = await sharedRedis()

const patience = { timeout: 60_000, interval: 50 }

const count = async (pipeline: Pipeline, table: string) =>
  (await pipeline.query<{ count: number }>(`select count(*)::int as count from ${table}`))[0]?.count ?? 0

const until = (pipeline: Pipeline, table: string, most: number) =>
  expect.poll(() => count(pipeline, table), patience).toBeGreaterThanOrEqual(most)

function tests(servers: { readonly postgres: Server; readonly redis: Server }): void {
  test('relays and workers are killed in the middle: each stage of each document happens once, however often its job runs', async () => {
    const pipeline = await openPipeline(servers.postgres, servers.redis)
    const documents = 80
    const input = Array.from({ length: documents }, (_, index) => `1 chair ${index + 1}\n2 lamp 10`).join('\n\n')
    const relay = await pipeline.start('relay', ready('relay'))
    const workers = [await pipeline.start('worker', ready('worker')), await pipeline.start('worker', ready('worker'))]
    const submit = await pipeline.start('submit', ready('submit'), { input })
    await until(pipeline, 'totals', 5)
    await workers[0]?.kill()
    await until(pipeline, 'totals', 25)
    await relay.kill()
    const nextRelay = await pipeline.start('relay', ready('relay'))
    const nextWorker = await pipeline.start('worker', ready('worker'))
    await until(pipeline, 'postings', 45)
    await workers[1]?.kill()
    expect(await submit.ended, submit.output).toMatchObject({ code: 0 })
    await until(pipeline, 'postings', documents)
    for (const queue of ['extract', 'price', 'post']) await pipeline.repeatJobs(queue, documents)
    const wrong = `
      select id from documents where 1 <> (select count(*) from totals where document_id = id)
      or 1 <> (select count(*) from postings where document_id = id)
      or 2 <> (select count(*) from lines where document_id = id)`
    expect(await pipeline.query(wrong)).toEqual([])
    const cents = (documents * (documents + 1)) / 2 + documents * 20
    expect(await pipeline.query('select sum(cents)::int as cents from postings')).toEqual([{ cents }])
    for (const service of [nextRelay, nextWorker]) {
      expect(await service.terminate(), service.output).toMatchObject({ code: 0 })
    }
  }, 180_000)

  test('a document that cannot be read fails at once, and writes nothing', async () => {
    const pipeline = await openPipeline(servers.postgres, servers.redis)
    await pipeline.start('relay', ready('relay'))
    await pipeline.start('worker', ready('worker'))
    const submit = await pipeline.start('submit', ready('submit'), {
      input: '1 chair 100\nthis is no line\n\n1 lamp 7',
    })
    expect(await submit.ended, submit.output).toMatchObject({ code: 0 })
    await expect
      .poll(() => pipeline.failedJobs('extract'), patience)
      .toEqual(["'this is no line' is no line of a document"])
    await until(pipeline, 'postings', 1)
    expect(await pipeline.query('select article, cents from lines')).toEqual([{ article: 'lamp', cents: 7 }])
  }, 180_000)
}

onServer(postgres, { it: test }, (found) => {
  onServer(redis, { it: test }, (foundRedis) => tests({ postgres: found, redis: foundRedis }))
})
