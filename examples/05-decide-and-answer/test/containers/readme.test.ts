import { onServer, sharedKafka, sharedPostgres } from '@waybill/conformance/containers'
import { followReadme } from '@waybill/examples-testing'
import { expect, test } from 'vitest'
import { folder, openBank, ready } from './bank.ts'

const postgres = await sharedPostgres()
const kafka = await sharedKafka()

onServer(postgres, { it: test }, (database) =>
  onServer(kafka, { it: test }, (broker) => {
    test('every command of the README works, and who asks twice is decided once', async () => {
      const bank = await openBank(database, broker)
      await followReadme(folder, {
        env: bank.env,
        service: (script) => bank.start(script, ready(script)),
        sql: (statement) => expect.poll(() => bank.query(statement), { timeout: 60_000 }).toHaveLength(4),
      })
      const granted = await bank.query('select request_id from decisions where granted order by request_id')
      expect(granted.map((row) => Object.values(row)[0])).toEqual(['r-1', 'r-3', 'r-4'])
    }, 180_000)
  }),
)
