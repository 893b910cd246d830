import { describe, expect, it } from 'vitest'
import { message } from './database.ts'
import { onEachServer } from './servers.ts'
import { everything, idsOf, type StoreSetupOptions, storeSetup } from './store-setup.ts'

await onEachServer((server) => {
  const setup = (options?: StoreSetupOptions) => storeSetup(server, options)

  describe('read', () => {
    it('gives back every field of a message, whatever the application has told the driver', async () => {
      const pool = { bigNumberStrings: true, supportBigNumbers: true, rowsAsArray: true, dateStrings: false } as const
      await using test = await setup({ pool: { ...pool, flags: ['-FOUND_ROWS'] } })
      const full = message({
        payload: new Uint8Array([0, 255, 10]),
        contentType: 'application/avro',
        headers: { 'x-tenant': 'Zoë "\\ \u{1F600}', __proto__x: '' },
        orderingKey: 'order:1 ',
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
      await test.insert([full, plain])
      await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      const { rows } = await test.store.read(everything)
      expect(rows.map((row) => row.message)).toEqual(
        [full, plain].map((m) => ({ ...m, payload: Buffer.from(m.payload) })),
      )
      expect(rows.map(({ scheduled, expired, attempts, crashes }) => [scheduled, expired, attempts, crashes])).toEqual([
        [true, true, 0, 0],
        [false, false, 0, 0],
      ])
    })

    it('filters by each condition, alone and together', async () => {
      await using test = await setup()
      const keys = ['a', 'b', 'c']
      await test.insert(
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
      const conditions = { exclude: [4], skipTopics: ['none'], onlyTopic: 'invoices', upTo: 100 }
      expect(await idsOf(test.store, { ...conditions, skipKeys: [{ topic: 'invoices', key: 'c' }] })).toEqual([
        'invoices-b',
      ])
    })

    it('reads scheduled rows when due, wherever they stand, and tells when the next one is', async () => {
      await using test = await setup()
      const later = Date.now() + 3_600_000
      await test.insert([
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

    it('finds what lies behind a stretch that it read along the primary key', async () => {
      await using test = await setup()
      const messages = Array.from({ length: 60 }, (_, index) => message({ id: `m${index + 1}` }))
      await test.insert(messages)
      const ids = (request: object) => idsOf(test.store, { limit: 5, ...request })
      expect(await ids({})).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
      expect(await ids({ after: 5 })).toEqual(['m6', 'm7', 'm8', 'm9', 'm10'])
      await test.producer.query(
        "update waybill_messages set status = 'PUBLISHED', published_at = 1 where position < 50",
      )
      expect(await ids({ after: 10 })).toEqual(['m50', 'm51', 'm52', 'm53', 'm54'])
      expect(await ids({ after: 54 })).toEqual(['m55', 'm56', 'm57', 'm58', 'm59'])
      expect(await ids({ after: 59 })).toEqual(['m60'])
    })

    it('tells another history by a new connection', async () => {
      await using test = await setup()
      const first = await test.store.read(everything)
      expect((await test.store.read(everything)).epoch).toBe(first.epoch)
      for (const { id } of await test.test.others()) if (id !== test.producer.threadId) await test.test.kill(id)
      const epochs = new Set([first.epoch])
      await expect
        .poll(
          async () => {
            epochs.add((await test.store.read(everything).catch(() => first)).epoch)
            return epochs.size
          },
          { timeout: 10_000 },
        )
        .toBe(2)
    })
  })

  describe('publish', () => {
    it.for([0, 60_000])('settles pending rows by list, with retention %i', async (retentionMs) => {
      await using test = await setup({ retentionMs })
      await test.insert([message({ id: 'a' }), message({ id: 'b' }), message({ id: 'c' })])
      const rows = [
        { position: 1, id: 'a' },
        { position: 3, id: 'c' },
      ]
      expect(await test.store.publish(rows)).toEqual([1, 3])
      expect(await test.store.publish(rows)).toEqual([1, 3])
      expect(await idsOf(test.store, {})).toEqual(['b'])
      const left = await test.test.rows('select id, status from waybill_messages order by position')
      const kept = ['a', 'b', 'c'].map((id) => ({ id, status: id === 'b' ? 'PENDING' : 'PUBLISHED' }))
      expect(left).toEqual(retentionMs === 0 ? [{ id: 'b', status: 'PENDING' }] : kept)
    })

    it('passes over a position that another message has drawn since', async () => {
      await using test = await setup()
      await test.insert([message({ id: 'a' }), message({ id: 'b' })])
      const rows = [
        { position: 1, id: 'lost' },
        { position: 2, id: 'b' },
      ]
      await test.store.publish(rows)
      expect(await idsOf(test.store, {})).toEqual(['a'])
    })

    it('settles what it can beside rows that somebody has locked, from the second time without waiting', async () => {
      await using test = await setup({ lockTimeoutMs: 1000 })
      await test.insert([message({ id: 'a' }), message({ id: 'b' }), message({ id: 'c' })])
      await test.producer.query('begin')
      await test.producer.query("select * from waybill_messages where id = 'b' for update")
      const rows = ['a', 'b', 'c'].map((id, index) => ({ position: index + 1, id }))
      expect(await test.store.publish(rows)).toEqual([1, 3])
      const started = performance.now()
      expect(await test.store.publish(rows)).toEqual([1, 3])
      expect(performance.now() - started).toBeLessThan(900)
      await test.producer.query('rollback')
      expect(await test.store.publish(rows)).toEqual([1, 2, 3])
    })
  })

  describe('relays', () => {
    it('marks and renews only while the row is there, also twice within a millisecond', async () => {
      await using test = await setup()
      await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      expect(await test.store.mark('r', [1, 2])).toBe(true)
      expect(await test.store.mark('r', [1, 2])).toBe(true)
      for (let again = 0; again < 20; again++) expect(await test.store.renew('r')).toBe(true)
      const relays = await test.store.transaction((tx) => tx.relays())
      expect(relays).toEqual([{ id: 'r', label: 'relay', trusted: false, expired: false, window: [1, 2] }])
      await test.store.transaction((tx) => tx.removeRelay('r'))
      expect(await test.store.mark('r', [])).toBe(false)
      expect(await test.store.renew('r')).toBe(false)
      expect(await test.store.transaction((tx) => tx.holdRelay('r'))).toBe(false)
    })

    it('takes a lease that ends too far ahead for expired', async () => {
      await using test = await setup()
      for (const id of ['live', 'past', 'ahead']) await test.store.addRelay({ id, label: id, leaseMs: 30_000 })
      await test.producer.query("update waybill_relays set lease_until = 1 where id = 'past'")
      await test.producer.query("update waybill_relays set lease_until = lease_until + 60000 where id = 'ahead'")
      const relays = await test.store.transaction((tx) => tx.relays())
      expect(relays.map(({ id, expired }) => [id, expired])).toEqual([
        ['ahead', true],
        ['live', false],
        ['past', true],
      ])
    })

    it('renews while a claim and a settlement wait for a lock', async () => {
      await using test = await setup()
      await test.insert([message({ id: 'a' })])
      for (const id of ['r', 's']) await test.store.addRelay({ id, label: id, leaseMs: 30_000 })
      await test.producer.query('begin')
      await test.producer.query("select * from waybill_relays where id = 's' for update")
      await test.producer.query('select * from waybill_messages for update')
      const waiting = [
        test.store.publish([{ position: 1, id: 'a' }]),
        test.store.transaction((tx) => tx.trustRelay('s')),
        test.store.mark('s', []),
      ]
      expect(await test.store.renew('r')).toBe(true)
      await test.producer.query('rollback')
      await Promise.all(waiting)
    })
  })

  describe('transaction', () => {
    it('keeps owners, holds, suspects and outcomes', async () => {
      await using test = await setup()
      await test.insert([message({ id: 'a' }), message({ id: 'b' })])
      await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      const hold = { topic: 'orders', key: 'k', lane: 3, head: 1, dueAt: 99 }
      const error = { code: 'BROKER_REJECTED', message: 'no' }
      const seen = await test.store.transaction(async (tx) => {
        await tx.trustRelay('r')
        await tx.assign([3, 5], 'r')
        await tx.assign([], 'nobody')
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
      const columns = 'status, attempts, dead_reason, last_error'
      expect(await test.test.rows(`select ${columns} from waybill_messages order by position`)).toEqual([
        { status: 'PENDING', attempts: 2, dead_reason: null, last_error: JSON.stringify(error) },
        { status: 'DEAD', attempts: 1, dead_reason: 'rejected', last_error: JSON.stringify(error) },
      ])
    })

    it('rolls back what its work did when that rejects', async () => {
      await using test = await setup()
      const failing = test.store.transaction(async (tx) => {
        await tx.assign([1], 'r')
        throw new RangeError('stop')
      })
      await expect(failing).rejects.toThrow(RangeError)
      const owners = await test.store.transaction((tx) => tx.owners())
      expect(owners.filter((owner) => owner !== null)).toEqual([])
    })

    it('starts again after a deadlock', async () => {
      await using test = await setup()
      for (const id of ['r', 's']) await test.store.addRelay({ id, label: id, leaseMs: 30_000 })
      const { promise: held, resolve: hold } = Promise.withResolvers<void>()
      const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>()
      let attempts = 0
      const ours = test.store.transaction(async (tx) => {
        attempts++
        await tx.trustRelay('r')
        hold()
        await mayGoOn
        await tx.trustRelay('s')
      })
      await held
      await test.producer.query('begin')
      // More rows changed: the server makes the other one the victim.
      await test.producer.query('insert into waybill_suspects values (1, 1, 1), (2, 2, 2), (3, 3, 3)')
      await test.producer.query("update waybill_relays set label = 'new' where id = 's'")
      const theirs = test.producer.query("update waybill_relays set label = 'new' where id = 'r'")
      goOn()
      await theirs
      await test.producer.query('commit')
      await ours
      expect(attempts).toBe(2)
      expect((await test.store.transaction((tx) => tx.relays())).every((relay) => relay.trusted)).toBe(true)
    })

    it('is ended by the server when its process stands still in it', async () => {
      await using test = await setup({ lockTimeoutMs: 1000 })
      await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      const { promise: held, resolve: hold } = Promise.withResolvers<void>()
      const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>()
      const stopped = test.store.transaction(async (tx) => {
        await tx.relays()
        hold()
        await mayGoOn
        await tx.trustRelay('r')
      })
      await held
      await test.producer.query('set session innodb_lock_wait_timeout = 10')
      await test.producer.query("update waybill_relays set label = 'new' where id = 'r'")
      goOn()
      await expect(stopped).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
      expect(await test.store.transaction((tx) => tx.holdRelay('r'))).toBe(true)
    })
  })
})
