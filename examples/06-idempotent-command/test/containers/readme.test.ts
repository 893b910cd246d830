import { onServer, sharedPostgres, sharedRedis } from '@waybill/conformance/containers'
import { followReadme } from '@waybill/examples-testing'
import { expect, test } from 'vitest'
import { folder, openPayments } from './service.ts'

const postgres = await sharedPostgres()
const redis = await sharedRedis()

onServer(postgres, { it: test }, (database) =>
  onServer(redis, { it: test }, (server) => {
    test('every command of the README works, and two with one key make one payment', async () => {
      const payments = await openPayments(database, server)
      let address = ''
      await followReadme(folder, {
        env: payments.env,
        service: async () => {
          address = (await payments.startService()).address
        },
        sql: (statement) => expect.poll(() => payments.query(statement), { timeout: 60_000 }).toHaveLength(1),
        adapt: (line) => line.replace('localhost:3000', address),
      })
    }, 180_000)
  }),
)
