import type { OutboxMessage, OutboxWriter } from '@waybill/core/contracts'
import { insertStatements, kept, type Parameter, type SqlContext, type Statement, template } from '@waybill/sql'
import { type Expression, sql } from 'kysely'
import type { Notifier } from './notifier.ts'
import { nameOf } from './preparing-executor.ts'
import { openTransaction, type PostgresTransaction } from './transaction.ts'

/** PostgreSQL takes 65,535 values in one statement, and a row has 13. */
const rowsPerStatement = 5000

/** A statement for `client.query` of pg, or a part of one. */
export interface PostgresInsertText {
  readonly text: string
  readonly values: readonly unknown[]
  /**
   * The same for the same text, and only for it: with something of your own before it, a name for the whole statement, which
   * pg then keeps prepared in its session. Which columns an insert has depends on its messages, so a name that is always the
   * same would fail.
   */
  readonly name: string
}

/** The statement that inserts messages, to be made part of another statement: both happen or none does. */
export interface PostgresInsert extends Expression<Record<string, never>> {
  /**
   * As text with its values, for a client without a query builder.
   *
   * @param firstParameter - Number of the first `$n` in the text. @default 1
   */
  toSql(firstParameter?: number): PostgresInsertText
}

export interface PostgresWriter extends Omit<OutboxWriter<PostgresTransaction>, 'insertSync'> {
  /**
   * The statement that {@link insert} would run, for a `with` before the business write: one round trip, and no transaction
   * needs to be opened. Make the messages with `outbox.compose`.
   *
   * @throws RangeError for no messages, or more than fit into one statement (5,000).
   * @example
   * ```ts
   * const message = await outbox.compose('order.placed', order)
   * await db.with('message', () => storage.insertQuery([message])).insertInto('orders').values(order).execute()
   * ```
   */
  insertQuery(messages: readonly OutboxMessage[]): PostgresInsert
}

export function postgresWriter(context: SqlContext, notify?: Notifier): PostgresWriter {
  const statements = insertStatements(context)
  const open = openTransaction(context)
  const lock = template((parameter: Parameter<string>) => ({
    compile: () =>
      sql`select pg_advisory_xact_lock(hashtextextended(${parameter((key) => key)}, 0))`.compile(context.builder),
  }))
  return {
    specificationVersion: 'v1',
    name: 'postgres',
    async insert(tx, messages) {
      const executor = await open(tx)
      for (const statement of statements(messages, rowsPerStatement)) await executor.execute(statement)
      if (messages.length > 0) notify?.written(tx)
    },
    async lockKey(tx, scope) {
      const executor = await open(tx)
      // A text of PostgreSQL holds no NUL.
      await executor.execute(lock(`${context.tablePrefix}${scope.replace('\u0000', ' ')}`))
    },
    insertQuery(messages) {
      const [statement, more] = statements(messages, rowsPerStatement)
      if (statement === undefined || more !== undefined) {
        throw new RangeError(`A statement inserts 1 to ${rowsPerStatement} messages, not ${messages.length}`)
      }
      notify?.written()
      return insertQuery(statement)
    },
  }
}

function insertQuery({ sql: text, parameters }: Statement): PostgresInsert {
  return {
    expressionType: undefined,
    toOperationNode() {
      const nested = splitAtParameters(`(${text})`)
      return sql(Object.assign(nested, { raw: nested }), ...parameters).toOperationNode()
    },
    toSql: (firstParameter = 1) => ({ ...numbered(firstParameter)(text), values: parameters }),
  }
}

const splitAtParameters = (text: string): string[] => text.split(/\$\d+/)

/** Made once for each statement: producers commit thousands of them a second. */
const numbered = kept(
  (first: number) =>
    kept((statement: string): Omit<PostgresInsertText, 'values'> => {
      const text = splitAtParameters(statement).reduce((before, part, index) => `${before}$${first + index - 1}${part}`)
      return { text, name: nameOf(text) }
    }, 64),
  64,
)
