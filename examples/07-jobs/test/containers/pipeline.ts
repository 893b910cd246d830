import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Server } from '@waybill/conformance/containers'
import { type ServiceStarter, servicesOf } from '@waybill/examples-testing'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { expect, onTestFinished } from 'vitest'

export const folder: string = fileURLToPath(new URL('../..', import.meta.url))

/** The pipeline with a database and queues of its own. */
export interface Pipeline {
  readonly env: Readonly<Record<string, string>>
  readonly start: ServiceStarter
  query<Row extends object>(text: string): Promise<Row[]>
  failedJobs(queue: string): Promise<(string | undefined)[]>
  /** Waits until so many jobs are done, and lets them be done again, as other jobs; resolves when they are. */
  repeatJobs(queue: string, count: number): Promise<void>
}

export async function openPipeline(postgres: Server, redis: Server): Promise<Pipeline> {
  const { url, drop } = await postgres.createDatabase()
  const pool = new Pool({ connectionString: url })
  const prefix = `bull-${randomUUID()}`
  const connection = new Redis(redis.url)
  const queues = new Map(['extract', 'price', 'post'].map((name) => [name, new Queue(name, { connection, prefix })]))
  // Removed when the services are gone, which are started later and stopped before.
  onTestFinished(async () => {
    for (const queue of queues.values()) {
      await queue.obliterate({ force: true })
      await queue.close()
    }
    connection.disconnect()
    await pool.end()
    await drop()
  })
  const env = {
    POSTGRES_URL: url,
    REDIS_URL: redis.url,
    BULLMQ_PREFIX: prefix,
    JOB_LOCK_MS: '1000',
    RELAY_LEASE_MS: '2000',
  }
  return {
    env,
    start: servicesOf(folder, env),
    query: async <Row extends object>(text: string) => (await pool.query<Row>(text)).rows,
    repeatJobs: async (name, count) => {
      const queue = new Queue(name, { connection, prefix })
      const untilDone = (jobs: number) => expect.poll(() => queue.getCompletedCount(), { timeout: 60_000 }).toBe(jobs)
      await untilDone(count)
      const done = await queue.getCompleted(0, -1)
      await queue.addBulk(done.map(({ name: type, data }) => ({ name: type, data })))
      await untilDone(2 * count)
      await queue.close()
    },
    failedJobs: async (queue) => (await queues.get(queue)?.getFailed())?.map(({ failedReason }) => failedReason) ?? [],
  }
}

/** What a script prints first. */
export function ready(script: string): RegExp {
  return new RegExp(`^${script}: started`, 'm')
}
