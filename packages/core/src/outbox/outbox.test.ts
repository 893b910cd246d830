import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineMessages } from '../catalogue/define-messages.ts'
import { ConfigurationError, type OutboxMessage, type Serializer, SpecificationError } from '../contracts/index.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'
import { Outbox } from './outbox.ts'
import { onWake } from './wakeups.ts'

interface Transaction {
  readonly inserts: (readonly OutboxMessage[])[]
}

/** Keeps what was inserted with its transaction; `committed` holds those that ended well. */
function makeStorage() {
  const committed: Transaction[] = []
  return {
    specificationVersion: 'v1',
    name: 'test',
    committed,
    async insert(tx: Transaction, messages: readonly OutboxMessage[]) {
      await Promise.resolve()
      tx.inserts.push(messages)
    },
    insertSync(tx: Transaction, messages: readonly OutboxMessage[]) {
      tx.inserts.push(messages)
    },
    async transaction<T>(work: (tx: Transaction) => Promise<T>) {
      const tx: Transaction = { inserts: [] }
      const result = await work(tx)
      committed.push(tx)
      return result
    },
  } as const
}

const asynchronous = z.object({ id: z.string() }).refine(async ({ id }) => await Promise.resolve(id !== 'bad'))

const messages = defineMessages({
  'order.placed': {
    topic: 'orders',
    key: (m) => m.orderId,
    schema: z.object({ orderId: z.string(), at: z.coerce.date() }),
    headers: { team: 'sales', tier: 'gold' },
    schemaVersion: 3,
  },
  'order.audited': { topic: 'audit', schema: asynchronous, aggregate: (m) => ({ type: 'order', id: m.id }) },
  'order.broken': { topic: 'orders', schema: z.object({ id: z.string().optional() }), key: (m) => m.id as string },
})

function setup() {
  const storage = makeStorage()
  const woken: string[] = []
  onWake(storage, (kind) => woken.push(kind))
  const tx: Transaction = { inserts: [] }
  return { storage, woken, tx, outbox: new Outbox({ storage, messages }), plain: new Outbox({ storage }) }
}

const placed = { orderId: 'a', at: new Date(0) }
const decoded = (message: OutboxMessage | undefined) => jsonSerializer.deserialize(message?.payload ?? new Uint8Array())

describe('enqueue', () => {
  test('stores the input, with what the catalogue derives from the output', async () => {
    const { outbox, tx, woken } = setup()
    const { id } = await outbox.enqueue(tx, 'order.placed', placed)
    const message = tx.inserts[0]?.[0]
    expect(message).toMatchObject({
      id,
      type: 'order.placed',
      topic: 'orders',
      orderingKey: 'a',
      headers: { team: 'sales', tier: 'gold' },
      contentType: 'application/json',
      schemaVersion: 3,
    })
    expect(decoded(message)).toEqual({ orderId: 'a', at: '1970-01-01T00:00:00.000Z' })
    expect(woken).toEqual(['maybe-soon'])
  })

  test('options are stronger than the catalogue', async () => {
    const { outbox, tx } = setup()
    const options = { id: 'mine', topic: 'other', orderingKey: 'k', headers: { tier: 'free' }, delayMs: 5 }
    expect(await outbox.enqueue(tx, 'order.placed', placed, options)).toEqual({ id: 'mine' })
    expect(tx.inserts[0]?.[0]).toMatchObject({ ...options, headers: { team: 'sales', tier: 'free' } })
  })

  test('asynchronous schemas are awaited, and the aggregate gives the key', async () => {
    const { outbox, tx } = setup()
    await outbox.enqueue(tx, 'order.audited', { id: '7' })
    expect(tx.inserts[0]?.[0]).toMatchObject({ aggregateType: 'order', aggregateId: '7', orderingKey: 'order:7' })
    await expect(outbox.enqueue(tx, 'order.audited', { id: 'bad' })).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' })
  })

  test('without a catalogue, any type and payload is taken', async () => {
    const { plain, tx } = setup()
    await plain.enqueue(tx, 'anything', [1, null], { topic: 'orders' })
    expect(tx.inserts[0]?.[0]).toMatchObject({ type: 'anything', topic: 'orders', schemaVersion: 1 })
    expect(decoded(tx.inserts[0]?.[0])).toEqual([1, null])
  })

  test('what is validated is what the serializer gives back', async () => {
    const { storage, tx } = setup()
    const dates = defineMessages({ late: { topic: 't', schema: z.object({ at: z.date() }) } })
    const outbox = new Outbox({ storage, messages: dates })
    await expect(outbox.enqueue(tx, 'late', { at: new Date(0) })).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      path: 'payload.at',
    })
    const reviving: Serializer = {
      contentType: 'application/x-reviving',
      serialize: (value) => jsonSerializer.serialize(value),
      deserialize: (bytes) => ({ at: new Date((jsonSerializer.deserialize(bytes) as { at: string }).at) }),
    }
    await new Outbox({ storage, messages: dates, serializer: reviving }).enqueue(tx, 'late', { at: new Date(0) })
    expect(tx.inserts[0]?.[0]).toMatchObject({ contentType: 'application/x-reviving' })
  })
})

describe('lockKey', () => {
  const locking = { topic: 'orders', lockKey: true }

  function lockingSetup() {
    const { storage, tx } = setup()
    const steps: string[] = []
    const lockable = {
      ...storage,
      lockKey: async (_: Transaction, scope: string) => void steps.push(`lock ${scope.replace('\u0000', ' ')}`),
      insert: async (inserting: Transaction, batch: readonly OutboxMessage[]) => {
        steps.push(`insert ${batch.length}`)
        await storage.insert(inserting, batch)
      },
    }
    return { steps, tx, storage: lockable, outbox: new Outbox({ storage: lockable }) }
  }

  test('locks each key once, in one order, before the insert', async () => {
    const { outbox, steps, tx, storage } = lockingSetup()
    await outbox.enqueue(tx, 'a', 1, { ...locking, orderingKey: 'k' })
    const keys = ['z', 'b', undefined, 'z'].map((orderingKey, index) => ({
      ...(orderingKey === undefined ? { ...locking, lockKey: false } : { ...locking, orderingKey }),
      type: 'a',
      payload: index,
    }))
    await outbox.enqueueMany(tx, keys)
    await outbox.transaction(({ enqueue }) => enqueue('a', 1, { ...locking, orderingKey: 'k' }))
    expect(steps).toEqual([
      ...['lock orders k', 'insert 1', 'lock orders b', 'lock orders z', 'insert 4', 'lock orders k', 'insert 1'],
    ])
    expect([...tx.inserts, ...storage.committed.flatMap(({ inserts }) => inserts)].flat()).not.toContainEqual(
      expect.objectContaining({ lockKey: expect.anything() }),
    )
  })

  test('is refused where there is no lock, and where none is needed', async () => {
    const { plain, tx } = setup()
    const refused = { code: 'CONFIGURATION', message: expect.stringContaining('lockKey = true') }
    await expect(plain.enqueue(tx, 'a', 1, locking)).rejects.toMatchObject(refused)
    expect(() => plain.enqueueSync(tx, 'a', 1, locking)).toThrow(expect.objectContaining(refused))
    expect(tx.inserts).toEqual([])
  })
})

describe('compose', () => {
  test('makes the message that enqueue would write, and wakes the relay', async () => {
    const { outbox, tx, woken } = setup()
    const message = await outbox.compose('order.placed', placed, { id: 'mine' })
    expect([tx.inserts, woken]).toEqual([[], ['maybe-soon']])
    await outbox.enqueue(tx, 'order.placed', placed, { id: 'mine' })
    expect({ ...message, createdAt: 0 }).toEqual({ ...tx.inserts[0]?.[0], createdAt: 0 })
    await expect(outbox.compose('order.placed', { orderId: 1 } as never)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
    })
  })
})

describe('refuses before anything is written', () => {
  test.each([
    ['an unknown type', 'order.plced', {}, { code: 'UNKNOWN_TYPE', path: 'type' }],
    [
      'a payload beside the schema',
      'order.placed',
      { orderId: 1 },
      { code: 'SCHEMA_MISMATCH', path: 'payload.orderId' },
    ],
    [
      'what cannot be serialised',
      'order.placed',
      { orderId: 1n },
      { code: 'PAYLOAD_UNSERIALIZABLE', path: 'payload.orderId' },
    ],
    ['a key that is undefined', 'order.broken', {}, { code: 'INVALID_MESSAGE', path: 'orderingKey' }],
  ])('%s', async (_name, type, payload, expected) => {
    const { outbox, tx, woken } = setup()
    await expect(outbox.enqueue(tx, type as 'order.placed', payload as typeof placed)).rejects.toMatchObject(expected)
    expect(() => outbox.enqueueSync(tx, type as 'order.placed', payload as typeof placed)).toThrow(
      expect.objectContaining(expected) as Error,
    )
    expect([tx.inserts, woken]).toEqual([[], []])
  })

  test('a message above maxMessageBytes', async () => {
    const { storage, tx } = setup()
    const whole = new Outbox({ storage })
    await whole.enqueue(tx, 'a', 'x'.repeat(899_990), { topic: 't' })
    const large = whole.enqueue(tx, 'a', 'x'.repeat(900_001), { topic: 't' })
    await expect(large).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    const outbox = new Outbox({ storage, maxMessageBytes: 5 })
    await outbox.enqueue(tx, 'a', '123', { topic: 't' })
    await expect(outbox.enqueue(tx, 'a', '1234', { topic: 't' })).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  })

  test('a message without topic', async () => {
    const { plain, tx } = setup()
    const call = plain.enqueue(tx, 'a', 1, {} as { topic: string })
    await expect(call).rejects.toMatchObject({ code: 'INVALID_MESSAGE', path: 'topic' })
  })
})

describe('enqueueMany', () => {
  test('writes all in one insert, in their order', async () => {
    const { outbox, tx, woken } = setup()
    const ids = await outbox.enqueueMany(tx, [
      { type: 'order.placed', payload: placed, id: '1' },
      { type: 'order.audited', payload: { id: '7' }, id: '2', headers: { a: 'b' } },
    ])
    expect(ids).toEqual([{ id: '1' }, { id: '2' }])
    expect(tx.inserts).toHaveLength(1)
    expect(tx.inserts[0]).toMatchObject([{ type: 'order.placed' }, { type: 'order.audited', headers: { a: 'b' } }])
    expect(woken).toEqual(['maybe-soon'])
  })

  test('writes none if one is refused, and says which', async () => {
    const { outbox, tx } = setup()
    const call = outbox.enqueueMany(tx, [
      { type: 'order.audited', payload: { id: '7' } },
      { type: 'order.audited', payload: { id: 'bad' } },
    ])
    await expect(call).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', path: 'messages[1].payload' })
    expect(tx.inserts).toEqual([])
  })
})

describe('enqueueSync', () => {
  test('has written when it returns', () => {
    const { outbox, tx, woken } = setup()
    const { id } = outbox.enqueueSync(tx, 'order.placed', placed)
    expect(tx.inserts).toMatchObject([[{ id, orderingKey: 'a' }]])
    expect(woken).toEqual(['maybe-soon'])
  })

  test('refuses an asynchronous schema, valid or not', () => {
    const { outbox, tx } = setup()
    for (const id of ['good', 'bad']) {
      expect(() => outbox.enqueueSync(tx, 'order.audited', { id })).toThrow(ConfigurationError)
    }
    expect(tx.inserts).toEqual([])
  })

  test('refuses an asynchronous storage', () => {
    const { insertSync: _, ...storage } = makeStorage()
    const outbox = new Outbox({ storage, messages })
    expect(() => outbox.enqueueSync({} as never, 'order.placed', placed)).toThrow(ConfigurationError)
  })
})

describe('transaction', () => {
  test('commits what was enqueued and then wakes the relay', async () => {
    const { outbox, storage, woken } = setup()
    const result = await outbox.transaction(async ({ tx, enqueue, enqueueMany }) => {
      await enqueue('order.placed', placed, { id: '1' })
      await enqueueMany([{ type: 'order.audited', payload: { id: '7' }, id: '2' }])
      expect(tx.inserts).toHaveLength(2)
      expect(woken).toEqual([])
      return 'mine'
    })
    expect(result).toBe('mine')
    expect(storage.committed[0]?.inserts.flat().map(({ id }) => id)).toEqual(['1', '2'])
    expect(woken).toEqual(['committed'])
  })

  test('wakes nobody when nothing was enqueued or nothing was committed', async () => {
    const { outbox, woken } = setup()
    await outbox.transaction(async () => undefined)
    const failure = new Error('mine')
    const failed = outbox.transaction(async ({ enqueue }) => {
      await enqueue('order.placed', placed)
      throw failure
    })
    await expect(failed).rejects.toBe(failure)
    expect(woken).toEqual([])
  })

  test('refuses an enqueue that was not awaited', async () => {
    const { outbox, storage } = setup()
    let late: Promise<unknown> = Promise.resolve()
    await outbox.transaction(async ({ enqueue }) => {
      late = enqueue('order.placed', placed)
      late.catch(() => undefined)
    })
    await expect(late).rejects.toMatchObject({ code: 'TRANSACTION_REQUIRED' })
    expect(storage.committed[0]?.inserts).toEqual([])
  })

  test('uses the runner that is given', async () => {
    const { storage } = setup()
    const { transaction: _, ...writer } = storage
    const used: string[] = []
    const runner = {
      async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
        used.push('runner')
        return await work({ inserts: [] })
      },
    }
    await new Outbox({ storage: writer, messages, runner }).transaction(async () => undefined)
    expect(used).toEqual(['runner'])
    // @ts-expect-error: the compiler says so too
    const call = new Outbox({ storage: writer }).transaction(async () => undefined)
    await expect(call).rejects.toBeInstanceOf(ConfigurationError)
  })
})

test('wrong options are reported at once', () => {
  const wrong = { storage: {} as ReturnType<typeof makeStorage>, maxMessageBytes: 0 }
  expect(() => new Outbox(wrong)).toThrow(/storage = .*maxMessageBytes = 0/)
  const old = { ...makeStorage(), specificationVersion: 'v0' as 'v1' }
  expect(() => new Outbox({ storage: old })).toThrow(SpecificationError)
})
