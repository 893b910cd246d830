import type { Mutant } from './mutant.ts'

const relay = 'packages/core/src/relay'
const consumer = 'packages/core/src/consumer'
const memory = 'adapters/memory/src'

/** What relay, consumer and database contribute. */
export const otherMutants: readonly Mutant[] = [
  {
    name: 'a follower handed out before its dead predecessor is settled',
    edits: [
      {
        file: `${relay}/settle-queue.ts`,
        find: "if (settlement.type !== 'published') this.dying.add(orderingScope(claimed.message))",
        replace: "if (settlement.type === 'retry') this.dying.add(orderingScope(claimed.message))",
      },
      {
        file: `${relay}/settle-queue.ts`,
        find: "if (settlement.type !== 'published') this.dying.settled(orderingScope(claimed.message))",
        replace: "if (settlement.type === 'retry') this.dying.settled(orderingScope(claimed.message))",
      },
    ],
  },
  {
    name: 'messages of a key handled side by side',
    edits: [
      {
        file: `${consumer}/key-queue.ts`,
        find: 'const own = before === undefined ? job() : before.then(job, job)',
        replace: 'const own = job()',
      },
    ],
  },
  {
    name: 'left-behind writer ended by its lock instead of the snapshot',
    edits: [
      {
        file: `${memory}/storage/read-pending.ts`,
        find: 'request.watch.filter((id) => !database.transactions.get(id)?.open)',
        replace: 'request.watch.filter((id) => !database.transactions.has(id))',
      },
    ],
  },
  {
    name: 'repeated settlement counts its attempt again',
    edits: [
      {
        file: `${memory}/storage/settle-rows.ts`,
        find: 'row: { ...stored.row, attempts, crashes }, lastError: error',
        replace:
          'row: { ...stored.row, attempts: attempts > stored.row.attempts ? attempts : attempts + 1, crashes }, lastError: error',
      },
    ],
  },
  {
    name: 'writers read before the sequence',
    edits: [
      {
        file: `${memory}/storage/lane-store.ts`,
        find: "const last = await scheduled(schedule, 'barrier:last', () => database.lastPosition)\n      return { last, writers: await scheduled(schedule, 'barrier:writers', () => openWriters(database)) }",
        replace:
          "const writers = await scheduled(schedule, 'barrier:writers', () => openWriters(database))\n      return { writers, last: await scheduled(schedule, 'barrier:last', () => database.lastPosition) }",
      },
    ],
  },
  {
    name: 'window not durable',
    edits: [
      {
        file: `${memory}/database/memory-database.ts`,
        find: 'readonly lanes: LaneTables = new LaneTables(() => this.flush())',
        replace: 'readonly lanes: LaneTables = new LaneTables(() => undefined)',
      },
    ],
  },
  {
    name: 'outage that spends an attempt',
    edits: [
      {
        file: 'packages/core/src/lifecycle/decide.ts',
        find: "    case 'unavailable':\n      return { type: 'release', token: claimed.token }",
        replace:
          "      return { type: 'release', token: claimed.token }\n    case 'unavailable':\n      return retryOrDead(claimed, outcome.error, true, policy)",
      },
    ],
  },
  {
    name: 'unknown outcome taken for accepted',
    edits: [
      {
        file: 'packages/core/src/lifecycle/decide.ts',
        find: 'return retryOrDead(claimed, outcome.error, destinationWorks, policy)',
        replace: "return { type: 'published', token: claimed.token }",
      },
    ],
  },
  {
    name: 'lease counted from the reply of its renewal',
    edits: [
      {
        file: `${relay}/lease.ts`,
        find: 'if (held) this.renewedAt(startedAt)',
        replace: 'if (held) this.renewedAt(Math.max(startedAt, this.#options.runtime.now()))',
      },
    ],
  },
  {
    name: 'failed renewal that nobody handles',
    edits: [
      {
        file: `${relay}/lease.ts`,
        find: '      onError(error)\n      this.#arm(leaseMs / 10)',
        replace: '      onError(error)\n      throw error',
      },
    ],
  },
]
