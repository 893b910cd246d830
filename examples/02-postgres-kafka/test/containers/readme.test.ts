import { onServer, sharedKafka, sharedPostgres } from '@waybill/conformance/containers'
import { followReadme } from '@waybill/examples-testing'
import { expect, test } from 'vitest'
import { addressOf, folder, openShop, ready } from './shop.ts'

const postgres = await sharedPostgres()
const kafka = await sharedKafka()

onServer(postgres, { it: test }, (database) =>
  onServer(kafka, { it: test }, (broker) => {
    test('every command of the README works', async () => {
      const shop = await openShop(database, broker)
      let address = ''
      await followReadme(folder, {
        env: shop.env,
        service: async (script) => {
          const { output } = await shop.start(script, ready(script))
          address ||= addressOf(output)
        },
        sql: (statement) => expect.poll(() => shop.query(statement), { timeout: 60_000 }).toHaveLength(1),
        adapt: (line) => line.replace('localhost:3000', address),
      })
    }, 180_000)
  }),
)
