import { onServer, sharedPostgres, sharedRedis } from '@waybill/conformance/containers'
import { followReadme } from '@waybill/examples-testing'
import { expect, test } from 'vitest'
import { folder, openPipeline, ready } from './pipeline.ts'

const postgres = await sharedPostgres()
const redis = await sharedRedis()

onServer(postgres, { it: test }, (database) =>
  onServer(redis, { it: test }, (server) => {
    test('every command of the README works', async () => {
      const pipeline = await openPipeline(database, server)
      await followReadme(folder, {
        env: pipeline.env,
        service: (script) => pipeline.start(script, ready(script)),
        sql: (statement) => expect.poll(() => pipeline.query(statement), { timeout: 60_000 }).toHaveLength(2),
      })
    }, 180_000)
  }),
)
