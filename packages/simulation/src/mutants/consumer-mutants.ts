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
        find: 'if (abandoned) return crashed(this.#job, before)',
        replace: '',
      },
    ],
  },
  {
    name: 'suspects handled beside others',
    edits: [
      {
        file: `${consumer}/crash-guard.ts`,
        find: "if (before > 0 && !this.#alone) return 'alone'",
        replace: '',
      },
    ],
  },
  {
    name: 'marks judged before a process that has lost the message can take them away',
    edits: [
      {
        file: `${consumer}/crash-guard.ts`,
        find: 'const abandoned = await this.#areAbandoned(marks)',
        replace: 'const abandoned = true',
      },
    ],
  },
  {
    // What is refused for its marks has none of its own: both places keep those of a dead letter.
    name: 'crash marks that a burial takes away',
    edits: [
      {
        file: `${consumer}/deliver.ts`,
        find: "if (death.reason !== 'crashes') await guard.forget()",
        replace: 'await guard.forget()',
      },
      {
        file: `${consumer}/crash-guard.ts`,
        find: '    if (!this.#marked) return\n',
        replace: '',
      },
    ],
  },
  {
    name: 'crash marks that outlive the effect',
    edits: [
      {
        file: `${consumer}/crash-guard.ts`,
        find: 'this.steps = marks === undefined ? {} : { leave: (tx) => marks.end(tx, this.#receipt) }',
        replace: 'this.steps = {}',
      },
    ],
  },
  {
    name: 'crash marks that an orderly failure leaves',
    edits: [
      {
        file: `${consumer}/crash-guard.ts`,
        find: '    else await this.forget()\n',
        replace: '',
      },
    ],
  },
]
