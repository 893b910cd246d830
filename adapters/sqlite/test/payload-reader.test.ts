import type { LaneRead } from '@waybill/core/lanes'
import { array, assert, asyncProperty, constantFrom, oneof, record, string, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Encoding, message } from './database.ts'
import { type StoreSetup, storeSetup } from './store-setup.ts'

const encoder = new TextEncoder()

async function payloadsOf(test: StoreSetup): Promise<readonly Uint8Array[]> {
  const request: LaneRead = {
    lanes: null,
    after: 0,
    upTo: null,
    exclude: [],
    onlyTopic: null,
    skipTopics: [],
    skipKeys: [],
    limit: 1000,
    watch: [],
  }
  const { rows } = await test.store.read(request)
  return rows.map((row) => row.message.payload)
}

const awkward: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(),
  NUL: encoder.encode('a\u0000b'),
  'a byte order mark': new Uint8Array([0xef, 0xbb, 0xbf, 0x61]),
  'a replacement character of its own': encoder.encode('\uFFFD'),
  'a byte that is no UTF-8': new Uint8Array([0x61, 0xff, 0x62]),
  'a character that is cut off': encoder.encode('€').subarray(0, 2),
  'a lone surrogate in bytes': new Uint8Array([0xed, 0xa0, 0x80]),
  'a NUL of two bytes': new Uint8Array([0xc0, 0x80]),
  'characters of one to four bytes': encoder.encode('aß€\u{1F600}'.repeat(50)),
  'more than stands beside others': encoder.encode('€'.repeat(40_000)),
}

describe.for<Encoding>(['UTF-8', 'UTF-16le'])('payloads in a database of %s', (encoding) => {
  it('come back byte by byte, whatever they are said to be', async () => {
    await using test = storeSetup({ encoding })
    expect(test.producer.pragma('encoding', { simple: true })).toBe(encoding)
    const payloads = Object.values(awkward)
    for (const contentType of ['application/json', 'application/avro']) {
      test.insert(payloads.map((payload) => message({ payload, contentType, correlationId: 'c' })))
    }
    const expected = [...payloads, ...payloads].map((payload) => [...payload])
    expect((await payloadsOf(test)).map((payload) => [...payload])).toEqual(expected)
  })

  it('come back whatever stands beside them', { timeout: 60_000 }, async () => {
    const payload = oneof(
      uint8Array({ maxLength: 30 }),
      string({ unit: 'binary', maxLength: 300 }).map((text) => encoder.encode(text)),
      constantFrom(...Object.values(awkward)),
    )
    const fields = record({ payload, contentType: constantFrom('application/json', 'text/plain') })
    const allComeBack = asyncProperty(array(fields, { maxLength: 20 }), async (messages) => {
      await using test = storeSetup({ encoding })
      test.insert(messages.map(message))
      const expected = messages.map((each) => [...each.payload])
      expect((await payloadsOf(test)).map((read) => [...read])).toEqual(expected)
    })
    await assert(allComeBack, { numRuns: 30 })
  })

  it('of other programs are texts in UTF-8', async () => {
    await using test = storeSetup({ encoding })
    test.producer.exec(
      `insert into waybill_messages (id, topic, type, payload) values ('a', 'orders', 't', '{"Ä":"€"}')`,
    )
    expect((await payloadsOf(test)).map(String)).toEqual(['{"Ä":"€"}'])
  })

  it('share no buffer that could be taken away', async () => {
    await using test = storeSetup({ encoding })
    test.insert([message(), message()])
    const [first] = await payloadsOf(test)
    const taken = first?.buffer as ArrayBuffer
    if (taken.byteLength > (first?.byteLength ?? 0))
      expect(() => structuredClone(taken, { transfer: [taken] })).toThrow()
  })
})
