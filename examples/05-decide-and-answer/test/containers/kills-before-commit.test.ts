import { onServer, type Server, sharedKafka, sharedPostgres } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { steps } from '../../src/step-names.ts'
import { openBank, ready } from './bank.ts'
import { dieAt, expectRecovery } from './recovery.ts'
import { decisionsOf, expectAllOnce, input } from './requests.ts'

const postgres = await sharedPostgres()
const kafka = await sharedKafka()

const patience = { timeout: 60_000, interval: 50 }
const beforeCommit = steps.slice(0, steps.indexOf('after-commit'))

/** Lets the commit of one decision wait for whoever holds the advisory lock. */
const slowCommit = `
  create function wait_for_test() returns trigger language plpgsql
    as $$ begin perform pg_advisory_xact_lock(1); return null; end $$;
  create constraint trigger slow_commit after insert on decisions
    deferrable initially deferred for each row when (new.request_id = 'c-0-0') execute function wait_for_test();`

function tests(servers: { readonly postgres: Server; readonly kafka: Server }): void {
  test.for(beforeCommit)('the service is killed %s', { timeout: 180_000 }, async (step) => {
    const bank = await openBank(servers.postgres, servers.kafka)
    const ask = await dieAt(bank, step)
    expect(await bank.query('select id from waybill_messages')).toEqual([])
    expect(await decisionsOf(bank)).toEqual([])
    await expectRecovery(bank, ask)
  })

  test('the service is killed while it commits, and the next one gets the request before that commit is through', async () => {
    const bank = await openBank(servers.postgres, servers.kafka)
    const credit = await bank.start('credit', ready('credit'))
    await bank.query(slowCommit)
    const release = await bank.holdLock()
    const ask = await bank.start('ask', ready('ask'), { input })
    const isWaiting = async (event: 'advisory' | 'transactionid') => {
      const waiting = await bank.query(
        `select from pg_stat_activity where datname = current_database()
         and wait_event_type = 'Lock' and wait_event = '${event}'`,
      )
      return waiting.length > 0
    }
    await expect.poll(() => isWaiting('advisory'), patience).toBe(true)
    await credit.kill()
    const next = await bank.start('credit', ready('credit'))
    await expect.poll(() => isWaiting('transactionid'), patience).toBe(true)
    expect((await decisionsOf(bank)).map(({ requestId }) => requestId)).not.toContain('c-0-0')
    await release()
    expect(await ask.ended, ask.output).toMatchObject({ code: 0 })
    await expectAllOnce(bank)
    expect(await next.terminate(), next.output).toMatchObject({ code: 0 })
  }, 180_000)
}

onServer(postgres, { it: test }, (found) => {
  onServer(kafka, { it: test }, (foundKafka) => tests({ postgres: found, kafka: foundKafka }))
})
