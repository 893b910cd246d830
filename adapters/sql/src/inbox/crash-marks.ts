import type { CrashMarks, Receipt } from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import { onlyRow, type SqlExecutor } from '../executor.ts'
import { type Parameter, type Template, template } from '../template.ts'
import { type InboxParts, repeated } from './parts.ts'

interface Mark {
  readonly beginnings: number
}

export function sqlCrashMarks<Tx>(context: SqlContext, parts: InboxParts<Tx>): CrashMarks<Tx> {
  const { counting, ending } = statements(context)
  const beginning = beginningOf(context, parts.server.whenKnown)
  const count = async (executor: SqlExecutor, receipt: Receipt) => {
    const { rows } = await executor.execute(counting(receipt))
    return Number(rows[0]?.beginnings ?? 0)
  }
  const end = async (executor: SqlExecutor, receipt: Receipt) => {
    await executor.execute(ending(receipt))
  }
  const begin = async (receipt: Receipt) => {
    if (parts.server.answersUpserts === true) {
      const { rows } = await parts.executor.execute(beginning.answering(receipt))
      return Number(onlyRow(rows).beginnings)
    }
    return parts.transaction(async (executor) => {
      await executor.execute(beginning.silent(receipt))
      return count(executor, receipt)
    })
  }
  return {
    count: (receipt) => count(parts.executor, receipt),
    begin: (receipt) => repeated(() => begin(receipt)),
    end: (tx, receipt) => end(parts.within(tx), receipt),
    forget: (receipt) => repeated(() => parts.transaction((executor) => end(executor, receipt))),
  }
}

interface Statements {
  readonly counting: Template<Receipt, Mark>
  readonly ending: Template<Receipt>
}

function statements({ builder, table }: SqlContext): Statements {
  const marks = table.inbox_crashes
  return {
    counting: template((parameter) =>
      builder
        .selectFrom(marks)
        .select('beginnings')
        .where('consumer', '=', consumerOf(parameter))
        .where('key', '=', keyOf(parameter)),
    ),
    ending: template((parameter) =>
      builder.deleteFrom(marks).where('consumer', '=', consumerOf(parameter)).where('key', '=', keyOf(parameter)),
    ),
  }
}

interface Beginning {
  readonly silent: Template<Receipt>
  readonly answering: Template<Receipt, Mark>
}

function beginningOf({ builder, dialect, table }: SqlContext, whenKnown: RawBuilder<unknown>): Beginning {
  const marks = table.inbox_crashes
  const insert = (parameter: Parameter<Receipt>) =>
    builder
      .insertInto(marks)
      .values({ consumer: consumerOf(parameter), key: keyOf(parameter), beginnings: 1, begun_at: dialect.now })
  const again = sql`${whenKnown} beginnings = ${sql.table(marks)}.beginnings + 1, begun_at = ${dialect.now}`
  return {
    silent: template((parameter) => insert(parameter).modifyEnd(again)),
    answering: template((parameter) => insert(parameter).modifyEnd(sql`${again} returning beginnings`).$castTo<Mark>()),
  }
}

function consumerOf(parameter: Parameter<Receipt>): RawBuilder<string> {
  return parameter(({ consumer }) => consumer)
}

function keyOf(parameter: Parameter<Receipt>): RawBuilder<string> {
  return parameter(({ key }) => key)
}
