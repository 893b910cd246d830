import { onServer, sharedMysql, sharedRabbitmq } from '@waybill/conformance/containers'
import { followReadme } from '@waybill/examples-testing'
import { expect, test } from 'vitest'
import { folder, openShop, ready } from './shop.ts'

const mysql = await sharedMysql()
const rabbitmq = await sharedRabbitmq()

onServer(mysql, { it: test }, (database) =>
  onServer(rabbitmq, { it: test }, (broker) => {
    test('every command of the README works, and in the end everything is picked', async () => {
      const shop = await openShop(database, broker)
      const picks = () => shop.query<{ id: string }>('select order_id as id from picks order by order_id')
      await followReadme(folder, {
        env: shop.env,
        service: (script) => shop.start(script, ready(script)),
        sql: async (statement) => {
          await expect.poll(picks, { timeout: 60_000 }).toHaveLength(3)
          await expect.poll(() => shop.run('dead'), { timeout: 60_000 }).toMatch(/1 in all/)
          await shop.query(statement)
        },
      })
      await expect.poll(picks, { timeout: 60_000 }).toEqual(['o-1', 'o-2', 'o-3', 'o-4'].map((id) => ({ id })))
    }, 180_000)
  }),
)
