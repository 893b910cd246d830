import { onServer, type Server, sharedPostgres, sharedRedis } from '@waybill/conformance/containers'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { type Answer, openPayments, payment } from './service.ts'

const postgres = await sharedPostgres()
const redis = await sharedRedis()

/** What the answers say, each once. */
const distinct = (answers: readonly Answer[]) => [...new Set(answers.map(({ status, text }) => `${status} ${text}`))]

const problem = (status: number) => ({ status, mediaType: 'application/problem+json' })

function tests(servers: { readonly postgres: Server; readonly redis: Server }): void {
  test('100 ask two services at once with one key: one payment, one message, and one answer for all', async () => {
    const payments = await openPayments(servers.postgres, servers.redis)
    const [first, second] = [await payments.startService(), await payments.startService()]
    const posts = Array.from({ length: 50 }, () => [first.post('"k-1"'), second.post('"k-1"')]).flat()
    const answers = await Promise.all(posts)
    expect(distinct(answers)).toEqual([expect.stringMatching(/^201 /)])
    expect(await payments.counts()).toEqual({ payments: 1, messages: 1 })
    const [made] = await payments.query<{ id: string }>('select id from payments')
    expect(JSON.parse(answers[0]?.text ?? '')).toEqual({ paymentId: made?.id, ...payment })
    expect(distinct([...answers, await first.post('"k-2"')])).toHaveLength(2)
    expect(await payments.counts()).toEqual({ payments: 2, messages: 2 })
    for (const { service } of [first, second]) {
      expect(await service.terminate(), service.output).toMatchObject({ code: 0 })
    }
  }, 180_000)

  test('a request without a key, with another payment, or with one that cannot be, is refused and leaves nothing', async () => {
    const payments = await openPayments(servers.postgres, servers.redis)
    const { post } = await payments.startService()
    for (const key of [undefined, 'k-1', '""']) expect(await post(key)).toMatchObject(problem(400))
    expect(await post('"k-1"', { accountId: 'a-1', cents: -1 })).toMatchObject(problem(400))
    expect(await post('"k-1"', { accountId: 'a-1', cents: 1, note: 'unknown' })).toMatchObject(problem(400))
    expect(await payments.counts()).toEqual({ payments: 0, messages: 0 })
    const made = await post('"k-1"')
    expect(made.status).toBe(201)
    expect(await post('"k-1"', { cents: payment.cents, accountId: payment.accountId })).toEqual(made)
    expect(await post('"k-1"', { ...payment, cents: 1251 })).toMatchObject(problem(422))
    expect(await payments.counts()).toEqual({ payments: 1, messages: 1 })
  }, 180_000)

  test('with WHEN_BUSY=refuse the same request is told 409 while the first is carried out, and its answer after it', async () => {
    const payments = await openPayments(servers.postgres, servers.redis)
    const { post } = await payments.startService({ WHEN_BUSY: 'refuse' })
    const release = await payments.lock('lock table payments in exclusive mode')
    const first = post('"k-1"')
    await payments.untilWaiting(1)
    expect(await post('"k-1"')).toMatchObject(problem(409))
    expect(await Promise.all(Array.from({ length: 10 }, () => post('"k-1"')))).toMatchObject(
      Array(10).fill(problem(409)),
    )
    await release()
    const made = await first
    expect(made.status).toBe(201)
    expect(await post('"k-1"')).toEqual(made)
    expect(await payments.counts()).toEqual({ payments: 1, messages: 1 })
  }, 180_000)

  test('Redis answers a repeat without the database, and refuses another payment too', async () => {
    const payments = await openPayments(servers.postgres, servers.redis)
    const { post } = await payments.startService({ CACHE_TIMEOUT_MS: '30000' })
    const made = await post('"k-1"')
    const client = new Redis(servers.redis.url)
    onTestFinished(() => client.disconnect())
    // The first answers may have come before the service had a connection.
    const untilCached = async () => {
      expect(await post('"k-1"')).toEqual(made)
      return (await client.keys(`${payments.env['REDIS_PREFIX']}*`)).length
    }
    await expect.poll(untilCached, { timeout: 60_000 }).toBe(1)
    const release = await payments.lock('lock table waybill_commands in access exclusive mode')
    expect(await post('"k-1"')).toEqual(made)
    expect(await post('"k-1"', { ...payment, cents: 1251 })).toMatchObject(problem(422))
    await release()
  }, 180_000)
}

onServer(postgres, { it: test }, (found) => {
  onServer(redis, { it: test }, (foundRedis) => tests({ postgres: found, redis: foundRedis }))
})
