import type { RelayStorage } from '../../../backlogs/address.ts'
import type { Route } from '../../../brokers/broker.ts'
import type { Contest } from '../../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../../harness/result.ts'

export interface Verdicts {
  readonly storage: RelayStorage
  readonly routes: readonly Route[]
  readonly contest: Contest
  readonly title: string
  /** Targets are for backlogs of many keys. */
  readonly hasTargets: boolean
}

/** A contestant beside the fastest of some others. */
interface Comparison {
  readonly what: string
  readonly contender: string
  readonly against: string
  readonly others: readonly string[]
  /** Least ratio. */
  readonly atLeast?: number | undefined
}

/** Of the client by itself, what is left with a storage before it. */
const shareOfClient: Readonly<Record<string, number>> = { kafkajs: 0.7, '@platformatic/kafka': 0.55 }

export function contenderName({ client }: Route, contestant: string): string {
  return `${client}, ${contestant}`
}

/** The relay's figures, each beside one of the others that have run in the same rounds. */
export function verdictsOn(verdicts: Verdicts): readonly BenchResult[] {
  const { routes, contest, title, hasTargets } = verdicts
  return [...routes.flatMap((route) => comparisonsOf(verdicts, route)), ...betweenClients(routes)].flatMap(
    (comparison) => {
      const { what, contender, against, atLeast } = comparison
      const other = fastest(contest, comparison.others)
      if (other === undefined || !contest.has(contender)) return []
      return [
        resultOf({
          name: `${title}: ${what}`,
          rate: contest.median(contender),
          unit: 'messages/s',
          comparison: {
            against: `${against}, ${thousands(Math.round(contest.median(other)))}/s`,
            ratio: contest.ratio(contender, other),
          },
          ...(hasTargets && atLeast !== undefined ? { target: { of: 'ratio' as const, atLeast } } : {}),
        }),
      ]
    },
  )
}

function comparisonsOf({ storage }: Verdicts, route: Route): readonly Comparison[] {
  const named = (...contestants: readonly string[]) => contestants.map((each) => contenderName(route, each))
  const [relay = '', keeping = ''] = named('relay', 'relay-keeping')
  const isPostgres = storage === 'postgres'
  const deleting = { what: `${route.client}, rows deleted`, contender: relay }
  const loop = { against: 'a pipelined loop by hand that deletes', others: named('pipelined') }
  const rowLocks = { against: 'the faster of two loops with SKIP LOCKED', others: named('leasing', 'locking') }
  return [
    { ...deleting, ...loop, atLeast: isPostgres ? 0.9 : 0.8 },
    { ...loop, what: `${route.client}, rows kept`, contender: keeping, atLeast: isPostgres ? 0.75 : undefined },
    { ...deleting, ...rowLocks, atLeast: isPostgres ? 1.5 : undefined },
    {
      ...deleting,
      against: `${route.client} by itself`,
      others: named('client'),
      atLeast: isPostgres ? shareOfClient[route.client] : undefined,
    },
  ]
}

/** A second client is there because it is faster. */
function betweenClients([first, second]: readonly Route[]): readonly Comparison[] {
  if (first === undefined || second === undefined) return []
  return [
    {
      what: `${second.client}, rows deleted`,
      contender: contenderName(second, 'relay'),
      against: `the same by ${first.client}`,
      others: [contenderName(first, 'relay')],
      atLeast: 1.5,
    },
  ]
}

function fastest(contest: Contest, names: readonly string[]): string | undefined {
  return names.filter((name) => contest.has(name)).toSorted((a, b) => contest.median(b) - contest.median(a))[0]
}
