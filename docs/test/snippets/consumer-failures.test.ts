import {
  Consumer,
  type ConsumerOptions,
  exponential,
  jsonSerializer,
  PermanentError,
  type TypesOf,
} from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryPublisher } from '@waybill/memory'
import { sqliteInbox } from '@waybill/sqlite'
import type { Transaction } from 'kysely'
import { expect, it, onTestFinished, vi } from 'vitest'
import { messages, openShop, placed, type Tables } from '../shop.ts'

async function openBilling() {
  const db = await openShop()
  const inbox = sqliteInbox({ db })
  const broker = memoryBroker()
  const invoices = () => db.selectFrom('invoices').selectAll().orderBy('order_id').execute()
  const letters = async () => (await inbox.deadLetters.list()).map(({ receipt, reason }) => `${receipt.key} ${reason}`)
  return { db, inbox, broker, invoices, letters }
}

type Billing = Awaited<ReturnType<typeof openBilling>>
type Options = Partial<ConsumerOptions<Transaction<Tables>, TypesOf<typeof messages>>>

/** A process of the consumer, whose handler refuses what `refuse` says. */
async function bill(billing: Billing, refuse: (id: string) => Error | undefined, options: Options = {}): Promise<void> {
  const { inbox, broker } = billing
  const source = memoryConsumer({ broker })
  const retry = exponential({ baseMs: 1, maxAttempts: 2 })
  const consumer = new Consumer({ name: 'billing', source, inbox, messages, retry, ...options })
  consumer.on('error', () => undefined)
  consumer.on('order.placed', async ({ payload }, { tx }) => {
    const refusal = refuse(payload.id)
    if (refusal !== undefined) throw refusal
    await tx.insertInto('invoices').values({ order_id: payload.id, total: payload.total }).execute()
  })
  onTestFinished(() => consumer.stop())
  await consumer.start()
}

it('tries again, and keeps what it gives up', async () => {
  const { inbox, broker, invoices, letters } = await openBilling()
  const source = memoryConsumer({ broker })
  const failures: string[] = []
  const log = { warn: (line: string) => failures.push(line) }
  const taxOf = vi.fn(async (total: number) => total / 5).mockRejectedValueOnce(new Error('the tax service is away'))

  // #region policy
  const consumer = new Consumer({
    name: 'billing',
    source,
    inbox,
    messages,
    // Once more at once, then after up to 1, 2, 4 … seconds, a minute at most.
    immediateRetries: 1,
    retry: exponential({ baseMs: 1_000, maxMs: 60_000, maxAttempts: 8 }),
    // After eight attempts it comes back in a quarter of an hour, four times.
    redriveAfter: { delayMs: 15 * 60_000, times: 4 },
  })
  // #endregion

  // #region handler
  consumer.on('order.placed', async (message, { tx }) => {
    const { id, total } = message.payload
    if (total < 0) throw new PermanentError(`order ${id} has a total below zero`)
    const tax = await taxOf(total)
    await tx
      .insertInto('invoices')
      .values({ order_id: id, total: total + tax })
      .execute()
  })
  // #endregion

  // #region events
  consumer.on('retry', ({ message, attempt, delayMs, error }) => {
    const what = `${message.id}, attempt ${attempt}: ${error.message}`
    log.warn(`${what}: again in ${delayMs} ms`)
  })
  consumer.on('dead', ({ message, reason, error }) => {
    log.warn(`${message?.id} is dead (${reason}): ${error.message}`)
  })
  consumer.on('error', (error) => log.warn(error.message))
  // #endregion

  onTestFinished(() => consumer.stop())
  await consumer.start()
  broker.append(placed('o-1', 5))
  broker.append(placed('o-2', -5))
  await expect.poll(invoices).toEqual([{ order_id: 'o-1', total: 6 }])
  await expect.poll(letters).toEqual(['o-2-placed rejected'])
  expect(failures).toContainEqual(
    expect.stringMatching(/^o-1-placed, attempt 1: .*the tax service is away: again in 0 ms$/),
  )
  expect(failures).toContainEqual(expect.stringMatching(/^o-2-placed is dead \(rejected\)/))
})

it('shows dead letters, and lets them come back', async () => {
  const billing = await openBilling()
  const { inbox, broker, invoices, letters } = billing
  let away = true
  await bill(billing, () => (away ? new Error('the tax service is away') : undefined), { redriveIntervalMs: 20 })
  for (const id of ['o-1', 'o-2']) broker.append(placed(id, 5))
  const waiting = async () => (await letters()).toSorted()
  await expect.poll(waiting).toEqual(['o-1-placed attempts-exhausted', 'o-2-placed attempts-exhausted'])
  away = false
  const report: string[] = []
  const console = { log: (line: string) => report.push(line) }

  // #region list
  const filter = {
    consumer: 'billing',
    topic: 'orders',
    reason: 'attempts-exhausted',
  } as const
  for (const letter of await inbox.deadLetters.list({ ...filter, limit: 20 })) {
    const { receipt, error, attempts, redrives, diedAt } = letter
    const when = new Date(diedAt).toISOString()
    console.log(`${receipt.key} died ${when}: ${error.code} ${error.message}`)
    console.log(`  after ${attempts} attempts and ${redrives} redrives`)
  }
  // #endregion

  // #region redrive
  const howMany = await inbox.deadLetters.redrive(filter, { dryRun: true })
  console.log(`${howMany} would come back`)
  await inbox.deadLetters.redrive(filter, { perSecond: 50 })
  // #endregion

  expect(report).toHaveLength(5)
  expect(report[0]).toMatch(/-placed died 20.*: HANDLER_FAILED .*the tax service is away$/)
  expect(report[1]).toBe('  after 2 attempts and 0 redrives')
  expect(howMany).toBe(2)
  await expect.poll(invoices).toHaveLength(2)
  expect(await letters()).toEqual([])
})

it('gives the handler a payload that somebody has mended', async () => {
  const billing = await openBilling()
  const { inbox, broker, invoices, letters } = billing
  const seen = new Set<string>()
  // What is wrong with o-7 is mended when it comes back.
  await bill(billing, (id) => (seen.size < seen.add(id).size ? new PermanentError('no') : undefined), {
    redriveIntervalMs: 20,
  })
  broker.append(placed('o-7', -5))
  await expect.poll(letters).toEqual(['o-7-placed rejected'])

  // #region edit
  const receipt = { consumer: 'billing', key: 'o-7-placed' }
  const payload = jsonSerializer.serialize({ id: 'o-7', total: 5 })
  await inbox.deadLetters.edit(receipt, payload)
  await inbox.deadLetters.redrive({ consumer: 'billing', keys: ['o-7-placed'] })
  // #endregion

  await expect.poll(invoices).toEqual([{ order_id: 'o-7', total: 5 }])
})

it('forgets what nobody needs', async () => {
  const billing = await openBilling()
  const { inbox, broker, letters } = billing
  await bill(billing, () => new PermanentError('no'))
  for (const id of ['o-1', 'o-2']) broker.append(placed(id, 5))
  await expect.poll(letters).toHaveLength(2)
  // #region discard
  const useless = { consumer: 'billing', keys: ['o-1-placed'] }
  const gone = await inbox.deadLetters.discard(useless)
  // #endregion
  expect(gone).toBe(1)
  expect(await letters()).toEqual(['o-2-placed rejected'])
  await expect(inbox.deadLetters.discard({})).rejects.toMatchObject({ code: 'CONFIGURATION' })
})

it('can leave dead letters to the broker, or publish them', async () => {
  const { inbox, broker } = await openBilling()
  const publisher = memoryPublisher({ broker })
  const source = memoryConsumer({ broker })
  // #region broker
  const rejecting = new Consumer({
    name: 'billing',
    source,
    inbox,
    messages,
    deadLetters: 'broker',
  })
  // #endregion
  const another = memoryConsumer({ broker })
  // #region topic
  const publishing = new Consumer({
    name: 'shipping',
    source: another,
    inbox,
    messages,
    deadLetters: { publisher, topic: 'shipping.dead' },
  })
  // #endregion
  for (const consumer of [rejecting, publishing]) {
    consumer.on('order.placed', () => Promise.reject(new PermanentError('no')))
    consumer.on('error', () => undefined)
    onTestFinished(() => consumer.stop())
    await consumer.start()
  }
  broker.append(placed('o-1', 5))
  await expect.poll(() => broker.deadLetters.map(({ record }) => record.message?.id)).toEqual(['o-1-placed'])
  await expect.poll(() => broker.log.map(({ topic }) => topic)).toContain('shipping.dead')
  expect(await inbox.deadLetters.list()).toEqual([])
})
