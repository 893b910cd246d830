import type { LaneRead, LaneStore } from '@waybill/core/lanes'
import { describe, expect, it } from 'vitest'
import { message } from './database.ts'
import { storeSetup as setup } from './store-setup.ts'

const everything: LaneRead = {
  lanes: null,
  after: 0,
  upTo: null,
  exclude: [],
  onlyTopic: null,
  skipTopics: [],
  skipKeys: [],
  limit: 100,
  watch: [],
}

async function idsOf(store: LaneStore, request: Partial<LaneRead>): Promise<readonly string[]> {
  const { rows } = await store.read({ ...everything, ...request })
  return rows.map((row) => row.message.id)
}

describe('read', () => {
  it('gives back every field of a message', async () => {
    await using test = setup()
    const full = message({
      payload: new Uint8Array([0, 255, 10]),
      contentType: 'application/avro',
      headers: { 'x-tenant': 'Zoë "\\ \u{1F600}', __proto__x: '' },
      orderingKey: 'order:1',
      aggregateType: 'order',
      aggregateId: '1',
      sequence: Number.MAX_SAFE_INTEGER,
      schemaVersion: 3,
      correlationId: 'c',
      causationId: 'd',
      traceparent: '00-1-2-01',
      tracestate: 'a=b',
      availableAt: 5,
      expiresAt: 6,
      maxAttempts: 7,
    })
    const plain = message()
    test.insert([full, plain])
    const { rows } = await test.store.read(everything)
    expect(rows.map((row) => row.message)).toEqual(
      [full, plain].map((m) => ({ ...m, payload: Buffer.from(m.payload) })),
    )
    expect(
      rows.map(({ position, scheduled, expired, attempts, crashes }) => [
        position,
        scheduled,
        expired,
        attempts,
        crashes,
      ]),
    ).toEqual([
      [1, true, true, 0, 0],
      [2, false, false, 0, 0],
    ])
  })

  it('takes a plain INSERT of four columns for a complete message', async () => {
    await using test = setup()
    test.producer.exec(
      `insert into waybill_messages (id, topic, type, payload) values ('a', 'orders', 'order.placed', '{}')`,
    )
    const { rows } = await test.store.read(everything)
    expect(rows[0]?.message).toMatchObject({
      id: 'a',
      payload: Buffer.from('{}'),
      headers: {},
      schemaVersion: 1,
    })
    expect(rows[0]?.message.createdAt).toBeGreaterThan(Date.now() - 60_000)
  })

  it('filters by each condition, alone and together', async () => {
    await using test = setup()
    const keys = ['a', 'b', 'c']
    test.insert(
      ['orders', 'invoices'].flatMap((topic) =>
        keys.map((key) => message({ id: `${topic}-${key}`, topic, orderingKey: key })),
      ),
    )
    const { rows } = await test.store.read(everything)
    const lane = rows[0]?.lane ?? -1
    expect(await idsOf(test.store, { lanes: [lane] })).toEqual(
      rows.filter((row) => row.lane === lane).map((row) => row.message.id),
    )
    expect(await idsOf(test.store, { lanes: [] })).toEqual([])
    expect(await idsOf(test.store, { after: 2, upTo: 4 })).toEqual(['orders-c', 'invoices-a'])
    expect(await idsOf(test.store, { exclude: [1, 2, 6], limit: 2 })).toEqual(['orders-c', 'invoices-a'])
    expect(await idsOf(test.store, { onlyTopic: 'invoices' })).toHaveLength(3)
    expect(await idsOf(test.store, { skipTopics: ['orders', 'none'] })).toHaveLength(3)
    expect(await idsOf(test.store, { skipKeys: [{ topic: 'orders', key: 'b' }] })).not.toContain('orders-b')
    expect(
      await idsOf(test.store, {
        exclude: [4],
        skipTopics: ['none'],
        onlyTopic: 'invoices',
        skipKeys: [{ topic: 'invoices', key: 'c' }],
        upTo: 100,
      }),
    ).toEqual(['invoices-b'])
  })

  it('leaves out what is in flight, wherever that lies', async () => {
    await using test = setup()
    test.insert(Array.from({ length: 6 }, () => message()))
    for (let inFlight = 0; inFlight < 2 ** 6; inFlight++) {
      const exclude = [6, 2, 1, 5, 3, 4].filter((position) => (inFlight & (1 << (position - 1))) !== 0)
      for (const [after, upTo, limit] of [
        [0, null, 100],
        [0, null, 2],
        [2, null, 2],
        [1, 4, 100],
        [4, 4, 1],
      ] as const) {
        const { rows } = await test.store.read({ ...everything, exclude, after, upTo, limit })
        const expected = [1, 2, 3, 4, 5, 6].filter(
          (position) => position > after && position <= (upTo ?? 6) && !exclude.includes(position),
        )
        expect(rows.map((row) => row.position)).toEqual(expected.slice(0, limit))
      }
    }
  })

  it('reads scheduled rows when due, wherever they stand, and tells when the next one is', async () => {
    await using test = setup()
    const later = Date.now() + 3_600_000
    test.insert([
      message({ id: 'due', availableAt: 1 }),
      message({ id: 'later', availableAt: later }),
      message({ id: 'delayed', delayMs: 3_600_000 }),
      message({ id: 'now' }),
    ])
    const result = await test.store.read({ ...everything, after: 3 })
    expect(result.rows.map((row) => row.message.id)).toEqual(['due', 'now'])
    expect(result.nextAvailableAt).toBe(later)
    expect(Math.abs(result.now - Date.now())).toBeLessThan(10_000)
    expect(await idsOf(test.store, { upTo: 10 })).toEqual(['now'])
    const full = await test.store.read({ ...everything, limit: 1 })
    expect(full.rows.map((row) => row.message.id)).toEqual(['due'])
    expect(full.nextAvailableAt).toBeNull()
  })
})

describe('publish', () => {
  it.for([0, 1000])('settles pending rows by list, with retention %i', async (retentionMs) => {
    await using test = setup({ retentionMs })
    test.insert([message({ id: 'a' }), message({ id: 'b' }), message({ id: 'c' })])
    const rows = [
      { position: 1, id: 'a' },
      { position: 3, id: 'c' },
    ]
    expect(await test.store.publish(rows)).toEqual([1, 3])
    expect(await test.store.publish(rows)).toEqual([1, 3])
    expect(await idsOf(test.store, {})).toEqual(['b'])
    const left = test.producer.prepare('select id, status from waybill_messages order by position').all()
    const kept = { status: 'PUBLISHED' }
    expect(left).toEqual(
      retentionMs === 0
        ? [{ id: 'b', status: 'PENDING' }]
        : [
            { id: 'a', ...kept },
            { id: 'b', status: 'PENDING' },
            { id: 'c', ...kept },
          ],
    )
  })
})

describe('relays', () => {
  it('marks and renews only while the row is there', async () => {
    await using test = setup()
    await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
    expect(await test.store.mark('r', [1, 2])).toBe(true)
    expect(await test.store.renew('r')).toBe(true)
    const relays = await test.store.transaction((tx) => tx.relays())
    expect(relays).toEqual([{ id: 'r', label: 'relay', trusted: false, expired: false, window: [1, 2] }])
    await test.store.transaction((tx) => tx.removeRelay('r'))
    expect(await test.store.mark('r', [])).toBe(false)
    expect(await test.store.renew('r')).toBe(false)
    expect(await test.store.transaction((tx) => tx.holdRelay('r'))).toBe(false)
  })

  it('takes a lease that ends too far ahead for expired', async () => {
    await using test = setup()
    for (const id of ['live', 'past', 'ahead']) await test.store.addRelay({ id, label: id, leaseMs: 30_000 })
    test.producer.exec(`update waybill_relays set lease_until = 1 where id = 'past';
      update waybill_relays set lease_until = lease_until + 60000 where id = 'ahead'`)
    const relays = await test.store.transaction((tx) => tx.relays())
    expect(relays.map(({ id, expired }) => [id, expired])).toEqual([
      ['ahead', true],
      ['live', false],
      ['past', true],
    ])
  })
})

describe('transaction', () => {
  it('keeps owners, holds, suspects and outcomes', async () => {
    await using test = setup()
    test.insert([message({ id: 'a' }), message({ id: 'b' })])
    await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
    const hold = { topic: 'orders', key: 'k', lane: 3, head: 1, dueAt: 99 }
    const error = { code: 'BROKER_REJECTED', message: 'no' }
    const seen = await test.store.transaction(async (tx) => {
      await tx.trustRelay('r')
      await tx.assign([3, 5], 'r')
      await tx.setWindow('r', [7])
      await tx.putHolds([hold])
      await tx.putHolds([{ ...hold, head: 2 }])
      await tx.removeHolds([hold])
      await tx.putSuspects([{ position: 1, lane: 3, crashes: 0 }])
      await tx.putSuspects([{ position: 1, lane: 3, crashes: 1 }])
      await tx.putSuspects([{ position: 2, lane: 5, crashes: 1 }])
      await tx.removeSuspects([2])
      await tx.retry([{ position: 1, id: 'a' }], { attempts: 2, crashes: 1, error })
      await tx.retry([{ position: 1, id: 'other' }], { attempts: 9, crashes: 9, error })
      await tx.bury([{ position: 2, id: 'b' }], { attempts: 1, crashes: 0, reason: 'rejected', error })
      const owners = await tx.owners()
      return {
        relays: await tx.relays(),
        owned: owners.flatMap((owner, lane) => (owner === 'r' ? [lane] : [])),
        lanes: owners.length,
        holds: await tx.holds([3]),
        suspects: await tx.suspects([3, 5]),
        pending: (await tx.pending([1, 2, 3])).map((row) => [row.position, row.crashes, row.message.id]),
      }
    })
    expect(seen).toEqual({
      relays: [{ id: 'r', label: 'relay', trusted: true, expired: false, window: [7] }],
      owned: [3, 5],
      lanes: 64,
      holds: [{ ...hold, head: 2 }],
      suspects: [{ position: 1, lane: 3, crashes: 1 }],
      pending: [[1, 1, 'a']],
    })
    expect(
      test.producer
        .prepare(`select status, attempts, dead_reason, last_error from waybill_messages order by position`)
        .all(),
    ).toEqual([
      { status: 'PENDING', attempts: 2, dead_reason: null, last_error: JSON.stringify(error) },
      { status: 'DEAD', attempts: 1, dead_reason: 'rejected', last_error: JSON.stringify(error) },
    ])
  })

  it('rolls back what its work did when that rejects', async () => {
    await using test = setup()
    const failing = test.store.transaction(async (tx) => {
      await tx.assign([1], 'r')
      throw new RangeError('stop')
    })
    await expect(failing).rejects.toThrow(RangeError)
    const owners = await test.store.transaction((tx) => tx.owners())
    expect(owners.filter((owner) => owner !== null)).toEqual([])
  })
})
