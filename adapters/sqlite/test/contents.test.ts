import fc from 'fast-check'
import { expect, it } from 'vitest'
import { message } from './database.ts'
import { storeSetup } from './store-setup.ts'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }).filter((value) => value.length <= 255)
const name = text.filter((value) => value.isWellFormed() && !value.includes('\u0000'))

it('keeps every byte and character of what core lets through', async () => {
  await using test = storeSetup()
  let after = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        topic: name,
        type: name,
        orderingKey: name,
        aggregateId: name,
        correlationId: name,
        payload: fc.uint8Array({ maxLength: 5000 }),
        headers: fc.dictionary(name, name),
        sequence: fc.maxSafeInteger(),
      }),
      async (fields) => {
        const written = message(fields)
        test.insert([written])
        const { rows } = await test.store.read({
          lanes: null,
          after,
          upTo: null,
          exclude: [],
          onlyTopic: fields.topic,
          skipTopics: [],
          skipKeys: [],
          limit: 10,
          watch: [],
        })
        after = rows.at(-1)?.position ?? after
        expect(rows.map((row) => ({ ...row.message, payload: new Uint8Array(row.message.payload) }))).toEqual([written])
        const skipped = await test.store.read({
          lanes: null,
          after: after - 1,
          upTo: null,
          exclude: [],
          onlyTopic: null,
          skipTopics: [],
          skipKeys: [{ topic: fields.topic, key: fields.orderingKey }],
          limit: 10,
          watch: [],
        })
        expect(skipped.rows).toEqual([])
      },
    ),
  )
})
