import { onServer } from '@waybill/conformance/containers'
import type { OutboxMessage } from '@waybill/core/contracts'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { everything, laneSetup } from './lane-setup.ts'
import { message, server } from './server.ts'

const rowsOf = (...ids: readonly string[]) => ids.map((id, index) => ({ position: index + 1, id }))

onServer(server, { it }, (postgres) => {
  describe('read', () => {
    it('gives back every field of a message', async () => {
      await using test = await laneSetup(postgres)
      const full = message({
        payload: new Uint8Array([0, 255, 10, 92]),
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
      await test.insert([full, plain])
      const { rows } = await test.store.read(everything)
      expect(rows.map((row) => row.message)).toEqual(
        [full, plain].map((each) => ({ ...each, payload: Buffer.from(each.payload) })),
      )
      expect(rows.map((row) => [row.position, row.scheduled, row.expired, row.attempts, row.crashes])).toEqual([
        [1, true, true, 0, 0],
        [2, false, false, 0, 0],
      ])
    })

    it('gives back any text and any bytes', async () => {
      await using test = await laneSetup(postgres)
      const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }).filter((each) => !each.includes('\0'))
      const any = fc.record({
        topic: text,
        orderingKey: text,
        headers: fc.dictionary(text, text),
        payload: fc.uint8Array(),
      })
      const sent: OutboxMessage[] = fc.sample(any, 200).map((fields) => message(fields))
      await test.insert(sent)
      const { rows } = await test.store.read({ ...everything, limit: 200 })
      expect(rows.map((row) => row.message)).toEqual(
        sent.map((each) => ({ ...each, payload: Buffer.from(each.payload) })),
      )
    })

    it('filters by each condition, alone and together', async () => {
      await using test = await laneSetup(postgres)
      const named = (topic: string, key: string) => message({ id: `${topic}-${key}`, topic, orderingKey: key })
      const topics = ['orders', 'in"voi\\ces']
      await test.insert(topics.flatMap((topic) => ['a', 'b', '{"c",'].map((key) => named(topic, key))))
      const { rows } = await test.store.read(everything)
      const lane = rows[0]?.lane ?? -1
      const [, invoices = ''] = topics
      expect(await test.idsOf({ lanes: [lane] })).toEqual(
        rows.filter((row) => row.lane === lane).map((row) => row.message.id),
      )
      expect(await test.idsOf({ lanes: [] })).toEqual([])
      expect(await test.idsOf({ after: 2, upTo: 4 })).toEqual(['orders-{"c",', `${invoices}-a`])
      expect(await test.idsOf({ exclude: [1, 2, 6], limit: 2 })).toEqual(['orders-{"c",', `${invoices}-a`])
      expect(await test.idsOf({ onlyTopic: invoices })).toHaveLength(3)
      expect(await test.idsOf({ skipTopics: [invoices, 'none'] })).toHaveLength(3)
      expect(await test.idsOf({ skipKeys: [{ topic: 'orders', key: 'b' }] })).not.toContain('orders-b')
      expect(
        await test.idsOf({
          exclude: [4],
          skipTopics: ['none'],
          onlyTopic: invoices,
          skipKeys: [{ topic: invoices, key: '{"c",' }],
          upTo: 100,
        }),
      ).toEqual([`${invoices}-b`])
    })

    it('reads scheduled rows when due, wherever they stand, and tells when the next one is', async () => {
      await using test = await laneSetup(postgres)
      const later = Date.now() + 3_600_000
      await test.insert([
        message({ id: 'due', availableAt: 1 }),
        message({ id: 'later', availableAt: later }),
        message({ id: 'delayed', delayMs: 3_600_000 }),
        message({ id: 'now' }),
        message({ id: 'due too', availableAt: 2 }),
      ])
      const result = await test.store.read({ ...everything, after: 3 })
      expect(result.rows.map((row) => row.message.id)).toEqual(['due', 'now', 'due too'])
      expect(result.nextAvailableAt).toBe(later)
      expect(Math.abs(result.now - Date.now())).toBeLessThan(10_000)
      expect(await test.idsOf({ upTo: 10 })).toEqual(['now'])
      expect(await test.idsOf({ exclude: [1], after: 3, limit: 2 })).toEqual(['now', 'due too'])
      const full = await test.store.read({ ...everything, limit: 1 })
      expect(full.rows.map((row) => row.message.id)).toEqual(['due'])
      expect(full.nextAvailableAt).toBeNull()
    })

    it('changes its epoch with the connection, and with nothing else', async () => {
      await using test = await laneSetup(postgres)
      const epochs = new Set<string>()
      for (let read = 0; read < 3; read++) epochs.add((await test.store.read(everything)).epoch)
      expect(epochs.size).toBe(1)
      await test.test.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'waybill claim' and datname = current_database()`,
      )
      await vi.waitFor(async () => {
        epochs.add((await test.store.read(everything)).epoch)
        expect(epochs.size).toBe(2)
      })
    })
  })

  describe('publish', () => {
    it.for([0, 1000])('settles pending rows by list, with retention %i', async (retentionMs) => {
      await using test = await laneSetup(postgres, { retentionMs })
      await test.insert(['a', 'b', 'c'].map((id) => message({ id })))
      const rows = [
        { position: 1, id: 'a' },
        { position: 3, id: 'c' },
      ]
      await test.store.read(everything)
      expect(await test.store.publish(rows)).toEqual([1, 3])
      expect(await test.store.publish(rows)).toEqual([1, 3])
      expect(await test.idsOf({})).toEqual(['b'])
      const left = await test.test.query('select id, status from waybill_messages order by position')
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

    it('leaves rows that somebody else locks, and settles the others', async () => {
      await using test = await laneSetup(postgres, { lockTimeoutMs: 50 })
      await test.insert(['a', 'b', 'c'].map((id) => message({ id })))
      await test.store.publish([{ position: 3, id: 'c' }])
      const holder = await test.begin()
      await holder.query(`select * from waybill_messages where id = 'a' for update`)
      expect(await test.store.publish(rowsOf('a', 'b', 'c'))).toEqual([2, 3])
      await holder.query('rollback')
      expect(await test.store.publish(rowsOf('a', 'b', 'c'))).toEqual([1, 2, 3])
    })

    it('settles no other message on the same position, where positions were drawn again', async () => {
      await using test = await laneSetup(postgres)
      await test.insert(['a', 'b', 'c'].map((id) => message({ id })))
      // Nothing has been read, so that nothing is known of the server that the rows come from.
      expect(await test.store.publish(rowsOf('a', 'other', 'c'))).toEqual([1, 2, 3])
      expect(await test.idsOf({})).toEqual(['b'])
    })
  })

  describe('relays', () => {
    it('marks and renews only while the row is there', async () => {
      await using test = await laneSetup(postgres)
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

    it('writes the window to the disk, and nothing else, whatever the role does by itself', async () => {
      await using test = await laneSetup(postgres)
      await test.insert([message({ id: 'a' })])
      const inDatabase = (change: string) =>
        test.test.query(`do $$ begin execute format('alter database %I ${change}', current_database()); end $$`)
      await inDatabase('set synchronous_commit = off')
      await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      await test.test.query(`
        create table commits (name text, waits text);
        create function note() returns trigger language plpgsql as $$ begin
          insert into commits values (current_setting('application_name'), current_setting('synchronous_commit'));
          return null;
        end $$;
        create trigger note after update on waybill_relays for each statement execute function note();
        create trigger note after update on waybill_messages for each statement execute function note();`)
      const { epoch } = await test.store.read(everything)
      await test.store.mark('r', [1], epoch)
      await inDatabase('reset synchronous_commit')
      await test.store.publish([{ position: 1, id: 'a' }])
      expect(await test.test.query('select * from commits')).toEqual([
        { name: 'waybill window', waits: 'on' },
        { name: 'waybill settle', waits: 'off' },
      ])
    })

    it('takes a lease that ends too far ahead for expired', async () => {
      await using test = await laneSetup(postgres)
      for (const id of ['live', 'past', 'ahead']) await test.store.addRelay({ id, label: id, leaseMs: 30_000 })
      await test.test.query(`update waybill_relays set lease_until = 1 where id = 'past'`)
      await test.test.query(`update waybill_relays set lease_until = lease_until + 60000 where id = 'ahead'`)
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
      await using test = await laneSetup(postgres)
      await test.insert([message({ id: 'a' }), message({ id: 'b' })])
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
      const columns = 'status, attempts::int, dead_reason, last_error'
      expect(await test.test.query(`select ${columns} from waybill_messages order by position`)).toEqual([
        { status: 'PENDING', attempts: 2, dead_reason: null, last_error: JSON.stringify(error) },
        { status: 'DEAD', attempts: 1, dead_reason: 'rejected', last_error: JSON.stringify(error) },
      ])
    })

    it('rolls back what its work did when that rejects', async () => {
      await using test = await laneSetup(postgres)
      const failing = test.store.transaction(async (tx) => {
        await tx.assign([1], 'r')
        throw new RangeError('stop')
      })
      await expect(failing).rejects.toThrow(RangeError)
      const owners = await test.store.transaction((tx) => tx.owners())
      expect(owners.filter((owner) => owner !== null)).toEqual([])
    })

    it('is ended by the server when its relay stands still, so that others can go on', async () => {
      await using stopped = await laneSetup(postgres, { lockTimeoutMs: 300 })
      await using other = await laneSetup(postgres, { lockTimeoutMs: 5000 })
      await stopped.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      const [holds, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const standing = stopped.store.transaction(async (tx) => {
        await tx.relays()
        holds.resolve()
        await goesOn.promise
        await tx.trustRelay('r')
      })
      await holds.promise
      await stopped.test.query(`update waybill_relays set label = 'changed'`)
      goesOn.resolve()
      await expect(standing).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
      expect(await stopped.store.transaction((tx) => tx.relays())).toMatchObject([{ label: 'changed', trusted: false }])
      expect(await other.store.transaction((tx) => tx.relays())).toEqual([])
    })

    it('holds a relay’s row against removal until it ends, and a removal that came first is seen', async () => {
      await using test = await laneSetup(postgres)
      await test.store.addRelay({ id: 'r', label: 'relay', leaseMs: 30_000 })
      const taker = await test.begin()
      const removal = Promise.withResolvers<unknown>()
      const held = await test.store.transaction(async (tx) => {
        const isThere = await tx.holdRelay('r')
        removal.resolve(taker.query(`delete from waybill_relays where id = 'r'`))
        // Neither a renewal nor a window waits for it.
        expect(await test.store.renew('r')).toBe(true)
        return isThere
      })
      expect(held).toBe(true)
      await removal.promise
      const late = test.store.transaction((tx) => tx.holdRelay('r'))
      await taker.query('commit')
      expect(await late).toBe(false)
    })
  })
})
