import type { Mutant } from './mutant.ts'

const consumer = 'packages/core/src/consumer'

/** What the consumer's dead letters and crash marks contribute. */
export const consumerMutants: readonly Mutant[] = [
  {
    name: 'acknowledged before it is buried',
    edits: [
      {
        file: `${consumer}/bury.ts`,
        find: 'await grave(burial)',
        replace: 'grave(burial).catch(() => undefined)',
      },
    ],
  },
  {
    name: 'dead letter handled and left where it is',
    edits: [
      {
        file: `${consumer}/redrive-letters.ts`,
        find: 'enter: (tx) => deadLetters.take(tx, letter.receipt),',
        replace: 'enter: async () => true,',
      },
    ],
  },
  {
    name: 'dead letter taken and not handled',
    edits: [
      {
        file: `${consumer}/redrive-letters.ts`,
        find: 'enter: (tx) => deadLetters.take(tx, letter.receipt),',
        replace: 'enter: async (tx) => !(await deadLetters.take(tx, letter.receipt)),',
      },
    ],
  },
  {
    name: 'duplicate handled all the same',
    edits: [
      {
        file: 'packages/core/src/inbox/inbox.ts',
        find: "    if (outcome === 'duplicate') return 'duplicate'\n    await work()",
        replace: '    await work()',
      },
    ],
  },
  {
    name: 'crashes that nobody counts',
    edits: [
      {
        file: `${consumer}/crash-guard.ts`,
        find: 'return times < this.#mostBeginnings() ? null : crashed(this.#job, times)',
        replace: 'return null',
      },
    ],
  },
  {
    name: 'suspects handled beside others',
    edits: [
      {
        file: `${consumer}/crash-guard.ts`,
        find: "if (others.length > 0 && !this.#alone) return 'alone'",
        replace: '',
      },
    ],
  },
  {
    name: 'crash marks that a burial takes away',
    edits: [
      {
        file: `${consumer}/deliver.ts`,
        find: "if (death.reason !== 'crashes' && disposition.type !== 'retry') await guard.forgetAll()",
        replace: 'await guard.forgetAll()',
      },
    ],
  },
  {
    name: 'crash marks that an orderly failure leaves',
    edits: [
      {
        file: `${consumer}/crash-guard.ts`,
        find: '    else if (!(result instanceof Error) || this.#handlers === 0) await mark.withdraw()\n',
        replace: '',
      },
      {
        file: `${consumer}/deliver.ts`,
        find: '      await guard.withdraw()\n',
        replace: '',
      },
    ],
  },
]
