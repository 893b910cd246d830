import type { OutboxMessage, OutboxWriter } from '@waybill/core/contracts'
import { insertStatements, type Parameter, type SqlContext, type Statement, template } from '@waybill/sql'
import { type Expression, sql } from 'kysely'
import type { Notifier } from './notifier.ts'
import { openTransaction, type PostgresTransaction } from './transaction.ts'

/** PostgreSQL takes 65,535 values in one statement, and a row has 13. */
const rowsPerStatement = 5000

/** The statement that inserts messages, to be made part of another statement: both happen or none does. */
export interface PostgresInsert extends Expression<Record<string, never>> {
  /**
   * As text with its values, for a client without a query builder.
   *
   * @param firstParameter - Number of the first `$n` in the text. @default 1
   */
  toSql(firstParameter?: number): { readonly text: string; readonly values: readonly unknown[] }
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
  const split = (statement: string) => statement.split(/\$\d+/)
  const nested = split(`(${text})`)
  return {
    expressionType: undefined,
    toOperationNode: () => sql(Object.assign(nested, { raw: nested }), ...parameters).toOperationNode(),
    toSql: (firstParameter = 1) => ({
      text: split(text).reduce((before, part, index) => `${before}$${firstParameter + index - 1}${part}`),
      values: parameters,
    }),
  }
}
