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
    name: 'settlement matched by position only',
    edits: [
      {
        file: `${memory}/database/message-table.ts`,
        find: "stored?.status === 'PENDING' && stored.row.message.id === reference.id ? stored : undefined",
        replace: "stored?.status === 'PENDING' ? stored : undefined",
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
]
