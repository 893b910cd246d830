import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { gathering } from './gathering.ts'
import { batchSize, fromStored, inParts, type Peer, type StoredMessage } from './peer.ts'

const task = 'publish'
/** As its `maxPoolSize` is by default. */
const connections = 10
const ignore = () => undefined
const silent = new Logger(() => () => undefined)

/**
 * With batching, as https://worker.graphile.org/docs/performance has it: a local queue of one more than jobs at once, and no
 * delay before the jobs that have ended are removed together. As many jobs at once as the relay has messages in a batch; its
 * own figures are with 24, which would make small batches for the broker.
 */
const worker = {
  concurrentJobs: batchSize,
  localQueue: { size: batchSize + 1 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}

/** A job for each message, in no queue, so that all may run side by side. Jobs that have ended are deleted. */
export const graphileWorker: Peer = {
  name: 'graphile-worker',
  async open(url) {
    // With a pool of its own it would not wait for connections to end, nor listen to them.
    const pgPool = new pg.Pool({ connectionString: url, max: connections })
    pgPool.on('error', ignore)
    pgPool.on('connect', (client) => client.on('error', ignore))
    const utils = await makeWorkerUtils({ pgPool, logger: silent })
    await utils.migrate()
    return {
      async fill(messages) {
        await utils.withPgClient((client) => client.query('truncate graphile_worker._private_jobs'))
        await inParts(messages, (part) => utils.addJobs(part.map((payload) => ({ identifier: task, payload }))))
      },
      async start(publish, onError) {
        const publishOne = gathering(publish, batchSize)
        const runner = await run({
          pgPool,
          logger: silent,
          noHandleSignals: true,
          preset: { worker },
          taskList: { [task]: (payload) => publishOne(fromStored(payload as StoredMessage)) },
        })
        runner.promise.catch(onError)
        return { [Symbol.asyncDispose]: () => runner.stop() }
      },
      async [Symbol.asyncDispose]() {
        await utils.release()
        await pgPool.end()
      },
    }
  },
}
