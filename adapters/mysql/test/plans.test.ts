import type { RowDataPacket } from 'mysql2'
import { describe, expect, it } from 'vitest'
import { statementsOf } from './sent.ts'
import { onEachServer } from './servers.ts'
import { everything, type StoreSetup, storeSetup } from './store-setup.ts'

const contents = { 'an empty table': 0, 'a table of history and some new messages': 2000 }

interface Plan {
  readonly index: string
  readonly access: string
  readonly extra: string
}

/** Plans of those of the work's statements that look at messages. */
async function plansOf({ test }: StoreSetup, work: () => Promise<unknown>): Promise<readonly Plan[]> {
  // MySQL 9 draws trees unless told otherwise.
  await test.admin.query("set session /*!80032 explain_format = 'TRADITIONAL', */ autocommit = 1")
  const plans: Plan[] = []
  for (const statement of await statementsOf(test.name, work)) {
    if (!statement.includes('waybill_messages')) continue
    for (const row of (await test.rows(`explain ${statement}`)) as readonly RowDataPacket[]) {
      if (row['table'] === null) continue
      plans.push({ index: String(row['key']), access: String(row['type']), extra: String(row['Extra']) })
    }
  }
  return plans
}

const byKey = { index: 'PRIMARY', access: 'range', extra: expect.not.stringMatching(/filesort/) }
const byStatus = { index: 'waybill_messages_status', access: 'range', extra: expect.not.stringMatching(/filesort/) }

await onEachServer((server) => {
  /** A table that was analysed while it had so few rows, and has a few hundred pending ones now. */
  async function setup(history: number, retentionMs: number) {
    const test = await storeSetup(server, { retentionMs })
    const columns = 'id, topic, type, payload, status, published_at'
    const rows = (from: number, count: number, values: string) =>
      test.producer.query(`insert into waybill_messages (${columns}) with recursive n (i) as
        (select ${from} union all select i + 1 from n where i < ${from + count - 1}) select i, 't', 't', '{}', ${values} from n`)
    if (history > 0) await rows(1, 900, "'PUBLISHED', 1")
    await test.producer.query('analyze table waybill_messages')
    await rows(1001, 300, "'PENDING', null")
    return test
  }

  describe.for(Object.entries(contents))('on %s', ([, history]) => {
    it('reads what waits in order of position, by status or along the primary key', async () => {
      await using test = await setup(history, 1)
      const request = { ...everything, limit: 100, after: history === 0 ? 0 : 900 }
      const [due, next, first] = await plansOf(test, () => test.store.read(request))
      expect(due).toMatchObject({ index: 'waybill_messages_status', access: 'range' })
      expect(next).toMatchObject({ index: 'waybill_messages_status', access: 'range' })
      expect(first).toEqual(byStatus)
      await test.store.read({ ...request, after: request.after + 100 })
      const [, , along] = await plansOf(test, () => test.store.read({ ...request, after: request.after + 100 }))
      expect(along).toEqual(byKey)
      const filtered = { ...request, after: 5, exclude: [7], lanes: [1, 2, 3], skipTopics: ['none'] }
      const [, , ...others] = await plansOf(test, () => test.store.read(filtered))
      expect(others).toContainEqual(byStatus)
    })

    it.for([0, 60_000])('settles by position, with retention %i', async (retentionMs) => {
      await using test = await setup(history, retentionMs)
      const { rows } = await test.store.read({ ...everything, limit: 300 })
      const settled = rows.map(({ position, message }) => ({ position, id: message.id }))
      const [plan] = await plansOf(test, () => test.store.publish(settled))
      expect(plan).toMatchObject({ index: 'PRIMARY', access: 'range' })
    })
  })
})
