import { onServer, type Server, sharedKafka, sharedPostgres } from '@waybill/conformance/containers'
import { expect, test } from 'vitest'
import { openBank, ready } from './bank.ts'
import { dieAt, expectRecovery } from './recovery.ts'
import { decisionsOf, input, requests } from './requests.ts'

const postgres = await sharedPostgres()
const kafka = await sharedKafka()

const patience = { timeout: 60_000, interval: 50 }
const notPublished = `select id from waybill_messages where status <> 'PUBLISHED'`

function tests(servers: { readonly postgres: Server; readonly kafka: Server }): void {
  test('the service is killed after-commit, and has acknowledged nothing', async () => {
    const bank = await openBank(servers.postgres, servers.kafka)
    const ask = await dieAt(bank, 'after-commit')
    expect(await decisionsOf(bank)).not.toEqual([])
    expect(await bank.acknowledged()).toBe(0)
    await expectRecovery(bank, ask)
  }, 180_000)

  test('the service is killed when it has acknowledged everything, and has published nothing', async () => {
    const bank = await openBank(servers.postgres, servers.kafka)
    const credit = await bank.start('credit', ready('credit'), { env: { WAYBILL_RELAY_ENABLED: 'false' } })
    const ask = await bank.start('ask', ready('ask'), { input })
    await expect.poll(() => bank.acknowledged(), patience).toBe(requests.length)
    await credit.kill()
    expect(await bank.answers()).toEqual([])
    await expectRecovery(bank, ask)
  }, 180_000)

  test('the service is killed before-publish: its answers wait', async () => {
    const bank = await openBank(servers.postgres, servers.kafka)
    const ask = await dieAt(bank, 'before-publish')
    expect(await bank.query(notPublished)).not.toEqual([])
    expect(await bank.answers()).toEqual([])
    await expectRecovery(bank, ask)
  }, 180_000)

  test('the service is killed after-publish, before it has written that down: some answers come again, with their ids', async () => {
    const bank = await openBank(servers.postgres, servers.kafka)
    const ask = await dieAt(bank, 'after-publish')
    expect(await bank.query(`select id from waybill_messages where status = 'PUBLISHED'`)).toEqual([])
    expect(await bank.answers()).not.toEqual([])
    expect(await expectRecovery(bank, ask)).toBeGreaterThan(0)
  }, 180_000)
}

onServer(postgres, { it: test }, (found) => {
  onServer(kafka, { it: test }, (foundKafka) => tests({ postgres: found, kafka: foundKafka }))
})
