import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Server } from '@waybill/conformance/containers'
import { type ServiceStarter, servicesOf } from '@waybill/examples-testing'
import { Kafka, logLevel } from 'kafkajs'
import { Pool } from 'pg'
import { expect, onTestFinished } from 'vitest'
import { type LoggedAnswer, readLog } from './answer-log.ts'

export const folder: string = fileURLToPath(new URL('../..', import.meta.url))

/** The service and those who ask, with a database and topics of their own. */
export interface Bank {
  readonly env: Readonly<Record<string, string>>
  readonly start: ServiceStarter
  query<Row extends object>(text: string): Promise<Row[]>
  /** All that stands in the topic of the answers, in the order of each partition. */
  answers(): Promise<readonly LoggedAnswer[]>
  /** How many requests the service has acknowledged. */
  acknowledged(): Promise<number>
  /** Holds an advisory lock, from a connection of the test's own. Answers how to let go. */
  holdLock(): Promise<() => Promise<void>>
}

export async function openBank(postgres: Server, kafka: Server): Promise<Bank> {
  const { url, drop } = await postgres.createDatabase()
  const pool = new Pool({ connectionString: url })
  const brokers = [new URL(kafka.url).host]
  const prefix = `${randomUUID()}.`
  const topics = ['credit-requests', 'credit-answers'].map((topic) => `${prefix}${topic}`)
  const client = new Kafka({ brokers, logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  // Removed when the services are gone, which are started later and stopped before.
  onTestFinished(async () => {
    await admin.deleteTopics({ topics })
    await admin.disconnect()
    await pool.end()
    await drop()
  })
  const env = {
    POSTGRES_URL: url,
    KAFKA_BROKERS: brokers.join(),
    KAFKA_PREFIX: prefix,
    KAFKA_SESSION_TIMEOUT_MS: '3000',
    RELAY_LEASE_MS: '3000',
  }
  const start = servicesOf(folder, env)
  expect(await (await start('topics', ready('topics'))).ended).toMatchObject({ code: 0 })
  return {
    env,
    start,
    query: async <Row extends object>(text: string) => (await pool.query<Row>(text)).rows,
    answers: () => readLog(client, admin, `${prefix}credit-answers`),
    acknowledged: async () => {
      const found = await admin.fetchOffsets({ groupId: `${prefix}credit`, topics: [`${prefix}credit-requests`] })
      const offsets = found.flatMap(({ partitions }) => partitions.map(({ offset }) => Math.max(Number(offset), 0)))
      return offsets.reduce((sum, offset) => sum + offset, 0)
    },
    holdLock: () => lockOn(pool),
  }
}

/** What a script prints when it is ready. */
export function ready(script: string): RegExp {
  return new RegExp(`^${script}: `, 'm')
}

async function lockOn(pool: Pool): Promise<() => Promise<void>> {
  const holder = await pool.connect()
  await holder.query('select pg_advisory_lock(1)')
  let held = true
  const release = async () => {
    if (!held) return
    held = false
    // With its connection goes the lock.
    holder.release(true)
  }
  // A test that fails lets go, or its services and its database would wait for it.
  onTestFinished(release)
  return release
}
