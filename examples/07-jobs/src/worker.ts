import { Inbox, PermanentError, stopOnSignals } from '@waybill/core'
import { postgresInbox } from '@waybill/postgres'
import { UnrecoverableError, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { type JobData, messageOf } from './bullmq/job-message.ts'
import { config } from './config.ts'
import { migrate, pool } from './database.ts'
import { type Stage, stages } from './stages.ts'

// Workers of BullMQ as anybody has them. The inbox lets each job take effect once, however often BullMQ runs it: the receipt,
// what the stage writes and the message that starts the next stage commit together.

await migrate()
const receipts = postgresInbox({ pool })
const inbox = new Inbox({ inbox: receipts, consumer: 'pipeline' })
// What BullMQ asks of a worker's connection; workers wait for Redis to come back.
const connection = new Redis(config.REDIS_URL, { maxRetriesPerRequest: null })
connection.on('error', (error) => console.error('Redis:', error.message))

const workers = [...stages.values()].map(makeWorker)
stopOnSignals(workers.map((worker) => ({ stop: () => worker.close() })))
await Promise.all(workers.map((worker) => worker.waitUntilReady()))
console.log('worker: started')
await Promise.all(workers.map((worker) => new Promise<void>((resolve) => worker.once('closed', resolve))))
connection.disconnect()
await pool.end()
console.log('worker: stopped')

function makeWorker({ queue, run }: Stage): Worker {
  const worker = new Worker<JobData>(
    queue,
    async (job) => {
      const message = messageOf(job)
      await receipts
        .transaction((tx) => inbox.guard(tx, message, () => run(tx, message)))
        .catch((error: unknown) => {
          throw error instanceof PermanentError ? new UnrecoverableError(error.message) : error
        })
    },
    {
      connection,
      prefix: config.BULLMQ_PREFIX,
      concurrency: 5,
      lockDuration: config.JOB_LOCK_MS,
      stalledInterval: config.JOB_LOCK_MS,
      // A job fails after so many workers have died with it. BullMQ's own 1 is for jobs that must not run twice.
      maxStalledCount: 20,
    },
  )
  worker.on('error', (error) => console.error(`${queue}:`, error.message))
  worker.on('failed', (job, error) => console.error(`${queue}: ${job?.id} failed: ${error.message}`))
  return worker
}
