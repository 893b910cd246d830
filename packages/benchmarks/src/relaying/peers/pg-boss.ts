import { setTimeout as sleep } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'
import { batchSize, fromStored, inParts, type Peer, type StoredMessage } from './peer.ts'

const queue = 'orders'
const idleMs = 20

/**
 * Its workers look for jobs every half second at most; `fetch` in a loop does so at once
 * (https://github.com/timgit/pg-boss/blob/master/docs/api/workers.md: `pollingIntervalSeconds`). Several at a time are what its
 * `localConcurrency` is. Jobs are fetched in the order of their creation; this version has no other way.
 */
const loops = 4

/** Jobs are fetched and deleted, which its documentation calls "a fetch then delete workflow similar to SQS". */
export const pgBoss: Peer = {
  name: 'pg-boss',
  async open(url) {
    const boss = new PgBoss({ connectionString: url, max: loops + 1 })
    // Whoever calls it is told as well.
    boss.on('error', () => undefined)
    await boss.start()
    await boss.createQueue(queue)
    return {
      async fill(messages) {
        await boss.deleteAllJobs(queue)
        await inParts(messages, (part) =>
          boss.insert(
            queue,
            part.map((data) => ({ data })),
          ),
        )
      },
      async start(publish, onError) {
        let isStopped = false
        const work = async () => {
          while (!isStopped) {
            const jobs = await boss.fetch<StoredMessage>(queue, { batchSize })
            if (jobs.length > 0) {
              await publish(jobs.map(({ data }) => fromStored(data)))
              await boss.deleteJob(
                queue,
                jobs.map(({ id }) => id),
              )
            } else await sleep(idleMs)
          }
        }
        const working = Promise.all(Array.from({ length: loops }, work)).catch(onError)
        return {
          async [Symbol.asyncDispose]() {
            isStopped = true
            await working
          },
        }
      },
      [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
    }
  },
}
