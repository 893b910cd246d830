import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Server } from '@waybill/conformance/containers'
import { type ServiceStarter, servicesOf } from '@waybill/examples-testing'
import { Pool } from 'pg'
import { expect, onTestFinished } from 'vitest'

export const folder: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Invoice {
  readonly orderId: string
  readonly customerId: string
  readonly status: string
}

/** A shop with a database and topics of its own. */
export interface Shop {
  readonly env: Readonly<Record<string, string>>
  readonly start: ServiceStarter
  query<Row extends object>(text: string): Promise<Row[]>
  /** In the order in which they were written. */
  invoices(): Promise<Invoice[]>
}

export async function openShop(postgres: Server, kafka: Server): Promise<Shop> {
  const { url, drop } = await postgres.createDatabase()
  const pool = new Pool({ connectionString: url })
  // Dropped when the services are gone, which are started later and stopped before.
  onTestFinished(async () => {
    await pool.end()
    await drop()
  })
  const env = {
    POSTGRES_URL: url,
    KAFKA_BROKERS: new URL(kafka.url).host,
    KAFKA_PREFIX: `${randomUUID()}.`,
    KAFKA_SESSION_TIMEOUT_MS: '3000',
    RELAY_LEASE_MS: '3000',
    PORT: '0',
  }
  const start = servicesOf(folder, env)
  expect(await (await start('topics', /topics: /)).ended).toMatchObject({ code: 0 })
  const query = async <Row extends object>(text: string) => (await pool.query<Row>(text)).rows
  const invoices = () =>
    query<Invoice>(`select order_id as "orderId", customer_id as "customerId", status from invoices order by number`)
  return { env, start, query, invoices }
}

/** Where the service that takes orders listens. */
export function addressOf(output: string): string {
  return /listening on (\S+)/.exec(output)?.[1] ?? ''
}

/** What a service prints when it is ready. */
export function ready(script: string): RegExp {
  return script === 'orders' ? /listening on/ : new RegExp(`^${script}: `, 'm')
}
