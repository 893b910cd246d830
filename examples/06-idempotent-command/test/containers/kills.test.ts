import { onServer, sharedPostgres, sharedRedis } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { openPayments, payment } from './service.ts'

const postgres = await sharedPostgres()
const redis = await sharedRedis()

/** Lets every commit with a payment in it wait for whoever holds the advisory lock. */
const slowCommit = `
  create function wait_for_test() returns trigger language plpgsql
    as $$ begin perform pg_advisory_xact_lock(1); return null; end $$;
  create constraint trigger slow_commit after insert on payments
    deferrable initially deferred for each row execute function wait_for_test();`

onServer(postgres, { it: test }, (database) =>
  onServer(redis, { it: test }, (server) => {
    test.for([
      { where: 'before its commit', statement: 'lock table payments in exclusive mode' },
      { where: 'while it commits', statement: 'select pg_advisory_xact_lock(1)' },
    ])(
      'the service is killed $where: asked again, it has made one payment',
      { timeout: 180_000 },
      async ({ statement }) => {
        const payments = await openPayments(database, server)
        const killed = await payments.startService()
        await payments.query(slowCommit)
        const release = await payments.lock(statement)
        const lost = killed.post('"k-1"').catch(() => 'no answer')
        await payments.untilWaiting(1)
        await killed.service.kill()
        expect(await lost).toBe('no answer')
        // The database goes on with what the dead one had sent: whoever asks again waits for the end of that.
        const { post } = await payments.startService()
        const again = post('"k-1"')
        await payments.untilWaiting(2)
        await release()
        const { status, text } = await again
        expect(status).toBe(201)
        expect(await payments.counts()).toEqual({ payments: 1, messages: 1 })
        const [made] = await payments.query<{ id: string }>('select id from payments')
        expect(JSON.parse(text)).toEqual({ paymentId: made?.id, ...payment })
        expect(await post('"k-1"')).toMatchObject({ status, text })
      },
    )
  }),
)
