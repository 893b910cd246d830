import type { CrashMarks, Receipt } from '@waybill/core/contracts'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { type Parameter, type Template, template } from '../template.ts'
import { type InboxParts, repeated } from './parts.ts'

export function sqlCrashMarks<Tx>(context: SqlContext, parts: InboxParts<Tx>): CrashMarks<Tx> {
  const { listing, beginning, withdrawing, ending } = statements(context, parts.server)
  /** Has committed when it resolves. */
  const commit = (work: (executor: SqlExecutor) => Promise<unknown>): Promise<void> =>
    repeated(async () => {
      if (parts.server.commitsAlone === true) await work(parts.executor)
      else await parts.transaction(work)
    })
  return {
    async list(receipt) {
      const { rows } = await parts.executor.execute(listing(receipt))
      return rows.map(({ beginning }) => beginning)
    },
    begin: (receipt, name) => commit((executor) => executor.execute(beginning({ ...receipt, beginning: name }))),
    withdraw: (receipt, name) => commit((executor) => executor.execute(withdrawing({ ...receipt, beginning: name }))),
    async end(tx, receipt) {
      await parts.within(tx).execute(ending(receipt))
    },
    forget: (receipt) => commit((executor) => executor.execute(ending(receipt))),
  }
}

interface Mark extends Receipt {
  readonly beginning: string
}

interface Statements {
  readonly listing: Template<Receipt, Pick<Mark, 'beginning'>>
  readonly beginning: Template<Mark>
  readonly withdrawing: Template<Mark>
  readonly ending: Template<Receipt>
}

function statements({ builder, dialect, table }: SqlContext, { unlessThere }: InboxParts<never>['server']): Statements {
  const marks = table.inbox_crashes
  return {
    listing: template((parameter) => {
      const { consumer, key } = namesOf(parameter)
      return builder
        .selectFrom(marks)
        .select('beginning')
        .where('consumer', '=', consumer)
        .where('key', '=', key)
        .orderBy('begun_at')
        .orderBy('beginning')
    }),
    beginning: template((parameter) =>
      builder
        .insertInto(marks)
        .values({
          ...namesOf(parameter),
          beginning: parameter(({ beginning }) => beginning),
          begun_at: dialect.now,
        })
        .modifyEnd(unlessThere),
    ),
    withdrawing: template((parameter) => {
      const { consumer, key } = namesOf(parameter)
      return builder
        .deleteFrom(marks)
        .where('consumer', '=', consumer)
        .where('key', '=', key)
        .where(
          'beginning',
          '=',
          parameter(({ beginning }) => beginning),
        )
    }),
    ending: template((parameter) => {
      const { consumer, key } = namesOf(parameter)
      return builder.deleteFrom(marks).where('consumer', '=', consumer).where('key', '=', key)
    }),
  }
}

function namesOf<Input extends Receipt>(parameter: Parameter<Input>) {
  return { consumer: parameter(({ consumer }) => consumer), key: parameter(({ key }) => key) }
}
