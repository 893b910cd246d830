import type { Mutant } from './mutant.ts'

const lanes = 'packages/core/src/lanes'
const relay = 'packages/core/src/relay'
const consumer = 'packages/core/src/consumer'
const memory = 'adapters/memory/src'

/** Rules that the simulation must be able to see broken, before all others. */
export const requiredMutants: readonly Mutant[] = [
  {
    name: 'settle of a retry without fence',
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
    edits: [
      {
        file: `${lanes}/membership.ts`,
        find: '  if (update.gained.length === 0) return false\n  session.setFloorBack(1)\n',
        replace: '  if (update.gained.length === 0) return false\n',
      },
    ],
  },
  {
    name: 'floor not set back when a hold ends',
    edits: [
      {
        file: `${lanes}/session.ts`,
        find: '    this.holds.delete(scope)\n    this.setFloorBack(isCrowd(hold) ? firstOf(hold) : hold.waitingFrom)\n',
        replace: '    this.holds.delete(scope)\n',
      },
    ],
  },
  {
    name: 'a follower handed out before its failed predecessor is settled',
    edits: [
      {
        file: `${relay}/dying-keys.ts`,
        find: 'return this.#sinceClaim.has(scope) || this.#settling.has(scope)',
        replace: "return scope === ''",
      },
    ],
  },
  {
    name: 'window not written',
    edits: [
      {
        file: `${lanes}/lane-source.ts`,
        find: 'await store.mark(own.id, window, epoch ?? undefined)',
        replace: 'await store.mark(own.id, [])',
      },
    ],
  },
  {
    name: 'publish after lost lease',
    edits: [
      {
        file: `${relay}/publish-stage.ts`,
        find: ' || !work.lease.isSafe',
        replace: '',
      },
    ],
  },
  {
    name: 'receipt outside the transaction',
    edits: [
      {
        file: `${consumer}/attempt.ts`,
        find: 'await inbox.guard(tx, message, () => withOutbox(options, { tx, message, enqueued }, handle))',
        replace:
          'await options.inbox.transaction((own) => inbox.guard(own, message, () => withOutbox(options, { tx, message, enqueued }, handle)))',
      },
    ],
  },
  {
    name: 'redrive at the old position',
    edits: [
      {
        file: `${memory}/storage/dead-letters.ts`,
        find: 'storedMessage(message, database.nextPosition(), database.now())',
        replace: 'storedMessage(message, stored.row.position, database.now())',
      },
    ],
  },
]
