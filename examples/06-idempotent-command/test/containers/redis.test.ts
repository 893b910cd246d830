import { type OwnServer, onServer, type Server, sharedPostgres, startRedis } from '@waybill/conformance/containers'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { openPayments, type RunningPayments } from './service.ts'

const postgres = await sharedPostgres()
// Of the test's own: it is killed and frozen.
const redis = await startRedis()

/** Asks 100 times at once; answers what was said, each once. */
async function ask100({ post }: RunningPayments, key: string): Promise<readonly string[]> {
  const answers = await Promise.all(Array.from({ length: 100 }, () => post(key)))
  return [...new Set(answers.map(({ status, text }) => `${status} ${text}`))]
}

function tests(servers: { readonly postgres: Server; readonly redis: OwnServer }): void {
  afterAll(() => servers.redis.stop())

  test('Redis goes away and comes back while 100 ask with one key: one payment, and one answer for all', async () => {
    const payments = await openPayments(servers.postgres, servers.redis)
    const running = await payments.startService()
    const made = [expect.stringMatching(/^201 /)]
    const [during] = await Promise.all([ask100(running, '"k-1"'), servers.redis.kill()])
    expect(during).toEqual(made)
    expect(await ask100(running, '"k-1"')).toEqual(during)
    expect(await ask100(running, '"k-2"')).toEqual(made)
    await expect.poll(() => running.service.output).toContain('The cache of the commands failed; the database answers')
    const [back] = await Promise.all([ask100(running, '"k-1"'), servers.redis.restart()])
    expect(back).toEqual(during)
    expect(await payments.counts()).toEqual({ payments: 2, messages: 2 })
    expect(await running.service.terminate(), running.service.output).toMatchObject({ code: 0 })
  }, 180_000)

  test('Redis is frozen: the database answers, and each payment is made once', async () => {
    const payments = await openPayments(servers.postgres, servers.redis)
    const running = await payments.startService()
    const before = await ask100(running, '"k-1"')
    await servers.redis.pause()
    expect(await ask100(running, '"k-1"')).toEqual(before)
    expect(await ask100(running, '"k-2"')).toEqual([expect.stringMatching(/^201 /)])
    await servers.redis.unpause()
    expect(await payments.counts()).toEqual({ payments: 2, messages: 2 })
  }, 180_000)

  test('Redis forgets everything: repeats get their answers from the database', async () => {
    const payments = await openPayments(servers.postgres, servers.redis)
    const running = await payments.startService()
    const before = await ask100(running, '"k-1"')
    const client = new Redis(servers.redis.url)
    expect(await client.dbsize()).toBeGreaterThan(0)
    await client.flushall()
    client.disconnect()
    expect(await ask100(running, '"k-1"')).toEqual(before)
    expect(await payments.counts()).toEqual({ payments: 1, messages: 1 })
  }, 180_000)
}

onServer(postgres, { it: test }, (found) => {
  onServer(redis, { it: test }, (foundRedis) => tests({ postgres: found, redis: foundRedis }))
})
