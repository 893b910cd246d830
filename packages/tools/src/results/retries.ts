import type { ReportResult } from '@waybill/conformance'
import { table } from './markdown.ts'

interface Kind {
  /** What happens to a message. */
  readonly what: string
  /** The rule that says what becomes of the order of its key. */
  readonly rule: string
  /** What an adapter that passes the rule shows. */
  readonly shows: 'kept' | 'not kept'
}

const kinds: readonly Kind[] = [
  { what: 'tried again at once', rule: 'effects/keeps-order-over-immediate-retries', shows: 'kept' },
  { what: 'tried again after a delay', rule: 'effects/keeps-order-over-delayed-retries', shows: 'kept' },
  {
    what: 'in the hands of a process that stops, or loses the partition',
    rule: 'effects/keeps-order-while-members-come-and-go',
    shows: 'kept',
  },
  {
    what: 'in the hands of a process that is killed, and delivered again',
    rule: 'effects/keeps-order-over-a-crash',
    shows: 'kept',
  },
  {
    what: 'given up: a dead letter, against those behind it',
    rule: 'effects/buries-what-fails-for-good',
    shows: 'not kept',
  },
  {
    what: 'redriven, among the dead letters of its key',
    rule: 'effects/dead-letters-come-back-in-order',
    shows: 'kept',
  },
]

/** Where the order of a key survives what happens to a message of it, by broker: what the pairs have shown. */
export function renderRetries(results: readonly ReportResult[]): string {
  const byBroker = Map.groupBy(
    results.filter(({ contract }) => contract === 'effects'),
    ({ broker }) => broker ?? '',
  )
  const brokers = [...byBroker].toSorted(([left], [right]) => left.localeCompare(right))
  const rows = kinds.map((kind) => [
    kind.what,
    `[\`${kind.rule}\`](${pageOf(kind)})`,
    ...brokers.map(([, own]) => cell(kind, own)),
  ])
  return [table(['a message is', 'rule', ...brokers.map(([broker]) => broker)], rows), legend].join('\n\n')
}

const legend =
  '*Not promised*: the adapter states less in `capabilities.ordering`, and the rule does not apply. Each answer is that of all storages\n' +
  'with which the broker was verified.'

type Verdict = ReportResult['rules'][number]

function cell(kind: Kind, results: readonly ReportResult[]): string {
  const verdicts = results.flatMap(({ rules }) => rules.filter(({ id }) => id === kind.rule))
  return `[${answerOf(verdicts, kind.shows)}](${pageOf(kind)})`
}

function pageOf({ rule }: Kind): string {
  return `../spec/effects.md#${rule.replace('/', '')}`
}

/** One failure is stronger than any number of passes; a rule that some pairs leave out is shown by the others. */
function answerOf(verdicts: readonly Verdict[], shows: Kind['shows']): string {
  if (verdicts.some(({ result }) => result === 'failed')) return '**✗ fails**'
  if (verdicts.some(({ result }) => result === 'passed')) return shows
  const isPromised = !verdicts.some(({ reason = '' }) => reason.includes('capability ordering'))
  return isPromised ? 'not verified' : '*not promised*'
}
