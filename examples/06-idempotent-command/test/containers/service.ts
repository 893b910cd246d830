import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Server } from '@waybill/conformance/containers'
import { type Service, type ServiceStarter, servicesOf } from '@waybill/examples-testing'
import { Pool } from 'pg'
import { expect, onTestFinished } from 'vitest'

export const folder: string = fileURLToPath(new URL('../..', import.meta.url))

/** Services that share a database of their own, and keys of their own in Redis. */
export interface Payments {
  readonly env: Readonly<Record<string, string>>
  readonly start: ServiceStarter
  startService(env?: Readonly<Record<string, string>>): Promise<RunningPayments>
  query<Row extends object>(text: string): Promise<Row[]>
  /** Holds what `statement` locks, from a connection of the test's own. Answers how to let go. */
  lock(statement: string): Promise<() => Promise<void>>
  /** Resolves when so many wait for a lock. */
  untilWaiting(count: number): Promise<void>
  /** How many payments there are, and messages about them. */
  counts(): Promise<{ readonly payments: number; readonly messages: number }>
}

export interface RunningPayments {
  readonly service: Service
  readonly address: string
  /** Asks for a payment. */
  post(key: string | undefined, body?: object): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly mediaType: string | undefined
  readonly text: string
}

export const payment = { accountId: 'a-1', cents: 1250 }

export async function openPayments(postgres: Server, redis: Pick<Server, 'url'>): Promise<Payments> {
  const { url, drop } = await postgres.createDatabase()
  const pool = new Pool({ connectionString: url })
  // Dropped when the services are gone, which are started later and stopped before.
  onTestFinished(async () => {
    await pool.end()
    await drop()
  })
  const env = { POSTGRES_URL: url, REDIS_URL: redis.url, REDIS_PREFIX: `${randomUUID()}.`, PORT: '0' }
  const start = servicesOf(folder, env)
  const query = async <Row extends object>(text: string) => (await pool.query<Row>(text)).rows
  const waitingHere = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  const waiting = async () => (await query(waitingHere)).length
  return {
    env,
    start,
    startService: async (more = {}) => running(await start('payments', ready, { env: more })),
    query,
    lock: (statement) => lockOn(pool, statement),
    untilWaiting: (count) => expect.poll(waiting, { timeout: 60_000 }).toBe(count),
    counts: async () => {
      const [payments, messages] = [await query('select from payments'), await query('select from waybill_messages')]
      return { payments: payments.length, messages: messages.length }
    },
  }
}

/** What the service prints when it is ready. */
export const ready = /^payments: listening on (\S+)/m

function running(service: Service): RunningPayments {
  const address = ready.exec(service.output)?.[1] ?? ''
  const post = async (key: string | undefined, body: object = payment) => {
    const headers = { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) }
    const reply = await fetch(`${address}/payments`, { method: 'POST', headers, body: JSON.stringify(body) })
    const [mediaType] = reply.headers.get('content-type')?.split(';') ?? []
    return { status: reply.status, mediaType, text: await reply.text() }
  }
  return { service, address, post }
}

async function lockOn(pool: Pool, statement: string): Promise<() => Promise<void>> {
  const client = await pool.connect()
  await client.query('begin')
  await client.query(statement)
  let held = true
  const release = async () => {
    if (!held) return
    held = false
    await client.query('rollback')
    client.release()
  }
  // A test that fails lets go, or its services and its database would wait for it.
  onTestFinished(release)
  return release
}
