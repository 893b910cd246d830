import type { Hold, LaneTransaction, RowRef, Suspect } from '@waybill/core/lanes'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { Statement } from '../executor.ts'
import { updateListed } from '../listed-rows.ts'
import { kept, type Parameter, type Template, template } from '../template.ts'

type Retry = Parameters<LaneTransaction['retry']>[1]
type Burial = Parameters<LaneTransaction['bury']>[1]

interface Failure<Change> {
  readonly rows: readonly RowRef[]
  readonly change: Change
}

/** What is written when messages fail: with many of them, building statements would cost more than running them. */
export interface FailureStatements {
  readonly retry: Template<Failure<Retry>>
  readonly bury: Template<Failure<Burial>>
  readonly removeHolds: Template<readonly Pick<Hold, 'topic' | 'key' | 'head'>[]>
  /** Removes the holds of these keys, whatever their heads are. */
  readonly removeKeys: Template<readonly Pick<Hold, 'topic' | 'key'>[]>
  readonly removeSuspects: Template<readonly number[]>
  insertHolds(holds: readonly Hold[]): readonly Statement[]
  insertSuspects(suspects: readonly Suspect[]): readonly Statement[]
}

export function failureStatements(context: SqlContext): FailureStatements {
  const { builder, dialect, table } = context
  type Keys = readonly Pick<Hold, 'topic' | 'key'>[]
  const keys = (parameter: Parameter<Keys>) => {
    const [topic, key] = [sql.ref('topic'), sql.ref('key')]
    const topics = parameter((holds) => dialect.list([...new Set(holds.map((hold) => hold.topic))]))
    const names = parameter((holds) => dialect.list(holds.map((hold) => hold.key)))
    const pairs = parameter((holds) => dialect.list(holds.map((hold) => [hold.topic, hold.key] as const)))
    // The lists by themselves too, for MariaDB searches no index by a list of pairs.
    const isListed = sql<boolean>`${dialect.oneOf(topic, topics, 'text')} and ${dialect.oneOf(key, names, 'text')}`
    return sql<boolean>`${isListed} and ${dialect.pairOneOf([topic, key], pairs)}`
  }
  return {
    retry: failureTemplate<Retry>(context, () => ({})),
    bury: failureTemplate<Burial>(context, (parameter) => ({
      status: sql.lit('DEAD' as const),
      died_at: dialect.now,
      dead_reason: parameter(({ change }) => change.reason),
    })),
    removeHolds: template((parameter) => {
      const heads = parameter((holds) => dialect.list(holds.map((hold) => hold.head)))
      return builder
        .deleteFrom(table.holds)
        .where(keys(parameter))
        .where(dialect.oneOf(sql.ref('head'), heads, 'number'))
    }),
    removeKeys: template((parameter) => builder.deleteFrom(table.holds).where(keys(parameter))),
    removeSuspects: template((parameter) => {
      const positions = parameter((list) => dialect.list(list))
      return builder.deleteFrom(table.suspects).where(dialect.oneOf(sql.ref('position'), positions, 'number'))
    }),
    insertHolds: inserts((size) => holdsTemplate(context, size)),
    insertSuspects: inserts((size) => suspectsTemplate(context, size)),
  }
}

function failureTemplate<Change extends Retry>(
  context: SqlContext,
  more: (parameter: Parameter<Failure<Change>>) => object,
): Template<Failure<Change>> {
  const { dialect } = context
  return template((parameter) => {
    const positions = parameter(({ rows }) => dialect.list(rows.map((row) => row.position)))
    const ids = parameter(({ rows }) => dialect.list(rows.map((row) => row.id)))
    return (
      updateListed(context)
        .set({
          attempts: parameter(({ change }) => change.attempts),
          crashes: parameter(({ change }) => change.crashes),
          last_error: parameter(({ change }) => JSON.stringify(change.error)),
          ...more(parameter),
        })
        // The position finds the row. The id makes sure: after a failover positions are drawn again, and ids are not.
        .where(dialect.oneOf(sql.ref('position'), positions, 'number'))
        .where(dialect.oneOf(sql.ref('id'), ids, 'text'))
        .where('status', '=', sql.lit('PENDING'))
    )
  })
}

type RowValue<Row> = <Name extends keyof Row>(name: Name) => RawBuilder<Row[Name]>

function holdsTemplate({ builder, table }: SqlContext, size: number): Template<readonly Hold[]> {
  return template((parameter) =>
    builder.insertInto(table.holds).values(
      rowsOf<Hold>(parameter, size).map((value) => ({
        topic: value('topic'),
        key: value('key'),
        lane: value('lane'),
        head: value('head'),
        due_at: value('dueAt'),
      })),
    ),
  )
}

function suspectsTemplate({ builder, table }: SqlContext, size: number): Template<readonly Suspect[]> {
  return template((parameter) =>
    builder.insertInto(table.suspects).values(
      rowsOf<Suspect>(parameter, size).map((value) => ({
        position: value('position'),
        lane: value('lane'),
        crashes: value('crashes'),
      })),
    ),
  )
}

function rowsOf<Row>(parameter: Parameter<readonly Row[]>, size: number): readonly RowValue<Row>[] {
  return Array.from(
    { length: size },
    (_, index) =>
      <Name extends keyof Row>(name: Name) =>
        parameter((rows) => rows[index]?.[name] as Row[Name]),
  )
}

const rowsAtOnce = 64

/** In statements of 64, 32, 16, … rows: a server that keeps a statement prepared is not given one for each number of rows. */
function inserts<Row>(
  make: (size: number) => Template<readonly Row[]>,
): (rows: readonly Row[]) => readonly Statement[] {
  const templateOf = kept(make, rowsAtOnce)
  return (rows) => {
    const statements: Statement[] = []
    let done = 0
    while (done < rows.length) {
      const size = Math.min(rowsAtOnce, 2 ** Math.floor(Math.log2(rows.length - done)))
      statements.push(templateOf(size)(rows.slice(done, done + size)))
      done += size
    }
    return statements
  }
}
