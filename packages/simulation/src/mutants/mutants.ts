/** A change of one file: `find` stands in it exactly once. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A rule taken out of the code. */
export interface Mutant {
  readonly name: string
  /** The issue asks for it by this name. */
  readonly required: boolean
  readonly edits: readonly Edit[]
}

const lanes = 'packages/core/src/lanes'
const relay = 'packages/core/src/relay'
const memory = 'adapters/memory/src'

export const mutants: readonly Mutant[] = [
  {
    name: 'settle of a retry without fence',
    required: true,
    edits: [
      {
        file: `${lanes}/settle.ts`,
        find: 'if (!(await tx.holdRelay(session.id))) return null',
        replace: 'await tx.holdRelay(session.id)',
      },
    ],
  },
  {
    name: 'floor passing an open transaction',
    required: true,
    edits: [
      {
        file: `${lanes}/writer-watch.ts`,
        find: 'const open = this.#waiting.writers.filter((id) => barrier.writers.includes(id))',
        replace: 'const open: string[] = []',
      },
    ],
  },
  {
    name: 'floor kept when a lane is gained',
    required: true,
    edits: [
      {
        file: `${lanes}/membership.ts`,
        find: '  for (const hold of update.holds) adoptHold(session, hold)\n  session.setFloorBack(1)\n',
        replace: '  for (const hold of update.holds) adoptHold(session, hold)\n',
      },
    ],
  },
  {
    name: 'floor not set back when a hold ends',
    required: true,
    edits: [
      {
        file: `${lanes}/session.ts`,
        find: '    this.holds.delete(scope)\n    this.setFloorBack(hold.first)\n',
        replace: '    this.holds.delete(scope)\n',
      },
    ],
  },
  {
    name: 'floor not set back when a hold falls due',
    required: false,
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'if (hold.dueAt <= clock) session.setFloorBack(hold.first)',
        replace: 'if (hold.dueAt <= clock) hold.passedOver = 0',
      },
    ],
  },
  {
    name: 'a follower handed out before its failed predecessor is settled',
    required: true,
    edits: [
      {
        file: `${relay}/dying-keys.ts`,
        find: 'return this.#sinceClaim.has(scope) || this.#settling.has(scope)',
        replace: "return scope === ''",
      },
    ],
  },
  {
    name: 'a follower handed out before its dead predecessor is settled',
    required: false,
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
    name: 'window not written',
    required: true,
    edits: [
      {
        file: `${lanes}/lane-source.ts`,
        find: 'return store.mark(own.id, [...own.window], own.epoch ?? undefined)',
        replace: 'return store.mark(own.id, [])',
      },
    ],
  },
  {
    name: 'publish after lost lease',
    required: true,
    edits: [
      {
        file: `${relay}/publish-stage.ts`,
        find: ' || !work.lease.isSafe',
        replace: '',
      },
    ],
  },
  {
    name: 'redrive at the old position',
    required: true,
    edits: [
      {
        file: `${memory}/storage/dead-letters.ts`,
        find: 'storedMessage(message, database.nextPosition(), database.now())',
        replace: 'storedMessage(message, stored.row.position, database.now())',
      },
    ],
  },
  {
    name: 'hold not stored',
    required: false,
    edits: [
      {
        file: `${lanes}/settle.ts`,
        find: '    await tx.putHold({ topic: row.topic, key: row.key, lane: row.lane, head: row.position, dueAt })\n',
        replace: '',
      },
    ],
  },
  {
    name: 'suspects not alone',
    required: false,
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'handOut(session, alone === undefined ? rows : [alone])',
        replace: 'handOut(session, rows)',
      },
      {
        file: `${lanes}/select.ts`,
        find: 'const taken = alone ? [suspect] : normal.taken',
        replace: 'const taken = alone ? [suspect, ...normal.taken] : normal.taken',
      },
    ],
  },
  {
    name: 'settlement matched by position only',
    required: false,
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
    required: false,
    edits: [
      {
        file: `${memory}/storage/read-pending.ts`,
        find: 'request.watch.filter((id) => !database.transactions.get(id)?.open)',
        replace: 'request.watch.filter((id) => !database.transactions.has(id))',
      },
    ],
  },
  {
    name: 'floor of a claim not voided when it is set back meanwhile',
    required: false,
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'if (generation === session.generation) session.floor',
        replace: 'if (generation > 0) session.floor',
      },
    ],
  },
  {
    name: 'lane given up with messages in flight',
    required: false,
    edits: [
      {
        file: `${lanes}/membership.ts`,
        find: 'mine.filter((lane) => !busy.has(lane))',
        replace: 'mine.filter((lane) => lane >= 0 || busy.has(lane))',
      },
    ],
  },
  {
    name: 'repeated settlement counts its attempt again',
    required: false,
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
    name: 'change of history not noticed',
    required: false,
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: 'if (known === result.epoch) return false',
        replace: 'if (known !== null || known === result.epoch) return false',
      },
    ],
  },
  {
    name: 'lanes taken from what was asked instead of what the database says',
    required: false,
    edits: [
      {
        file: `${lanes}/membership.ts`,
        find: 'const gained = [...owned].filter((lane) => !session.lanes.has(lane))',
        replace: 'const gained = change.take',
      },
    ],
  },
  {
    name: 'floor not set back when a topic opens again',
    required: false,
    edits: [
      {
        file: `${lanes}/claim.ts`,
        find: '    session.probed.delete(topic)\n    session.setFloorBack(first)\n',
        replace: '    session.probed.delete(topic)\n',
      },
    ],
  },
  {
    name: 'writers read before the sequence',
    required: false,
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
    required: false,
    edits: [
      {
        file: `${memory}/database/memory-database.ts`,
        find: 'readonly lanes: LaneTables = new LaneTables(() => this.flush())',
        replace: 'readonly lanes: LaneTables = new LaneTables(() => undefined)',
      },
    ],
  },
]
