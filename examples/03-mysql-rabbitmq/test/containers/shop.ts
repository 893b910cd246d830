import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Server } from '@waybill/conformance/containers'
import { type ServiceStarter, servicesOf } from '@waybill/examples-testing'
import { connect } from 'amqplib'
import { createPool, type RowDataPacket } from 'mysql2/promise'
import { expect, onTestFinished } from 'vitest'

export const folder: string = fileURLToPath(new URL('../..', import.meta.url))

/** A shop with a database and queues of its own. */
export interface Shop {
  readonly env: Readonly<Record<string, string>>
  readonly start: ServiceStarter
  /** Runs a script to its end; answers what it has printed. */
  run(script: string, input?: string): Promise<string>
  query<Row extends object>(text: string): Promise<Row[]>
}

export async function openShop(mysql: Server, rabbitmq: Server): Promise<Shop> {
  const { url, drop } = await mysql.createDatabase()
  const pool = createPool({ uri: url })
  const prefix = `${randomUUID()}.`
  // Removed when the services are gone, which are started later and stopped before.
  onTestFinished(async () => {
    await pool.end()
    await drop()
    await removeTopology(rabbitmq.url, prefix)
  })
  const env = { MYSQL_URL: url, RABBITMQ_URL: rabbitmq.url, RABBITMQ_PREFIX: prefix, RELAY_LEASE_MS: '3000' }
  const start = servicesOf(folder, env)
  const run = async (script: string, input = '') => {
    const service = await start(script, ready(script), { input })
    expect(await service.ended, service.output).toMatchObject({ code: 0 })
    return service.output
  }
  const query = async <Row extends object>(text: string) => (await pool.query<(RowDataPacket & Row)[]>(text))[0]
  return { env, start, run, query }
}

/** What a script prints first. */
export function ready(script: string): RegExp {
  return new RegExp(`^${script}: `, 'm')
}

async function removeTopology(url: string, prefix: string): Promise<void> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  for (const queue of ['stock.warehouse', 'dead']) await channel.deleteQueue(`${prefix}${queue}`)
  for (const exchange of ['stock', 'dead']) await channel.deleteExchange(`${prefix}${exchange}`)
  await connection.close()
}
