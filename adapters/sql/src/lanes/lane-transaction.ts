import { type LaneTransaction, laneCount, type Position, type RelayRecord } from '@waybill/core/lanes'
import { type Compilable, sql } from 'kysely'
import { expiredLease, type SqlContext } from '../dialect.ts'
import { onlyRow, type SqlTransaction } from '../executor.ts'
import { messageColumns, toMessage } from '../message-row.ts'
import { type FailureStatements, failureStatements } from './failure-statements.ts'

/** Rows around the messages are few and rarely touched: most of these statements are built where they are used. */
export function laneTransactions(context: SqlContext): (tx: SqlTransaction) => LaneTransaction {
  const statements = failureStatements(context)
  return (tx) => ({
    ...membership(context, tx),
    ...keyState(context, statements, tx),
    ...outcomes(context, statements, tx),
  })
}

type Membership = 'now' | 'holdRelay' | 'relays' | 'removeRelay' | 'trustRelay' | 'owners' | 'assign' | 'setWindow'
type KeyState = 'holds' | 'putHolds' | 'removeHolds' | 'suspects' | 'putSuspects' | 'removeSuspects'
type Outcomes = 'pending' | 'retry' | 'bury'

const rowsOf = <Row>(tx: SqlTransaction, query: Compilable<Row>): Promise<readonly Row[]> => tx.read(query.compile())
const run = (tx: SqlTransaction, query: Compilable): Promise<void> => tx.write(query.compile())

function membership({ builder, dialect, table }: SqlContext, tx: SqlTransaction): Pick<LaneTransaction, Membership> {
  const { now, holdAgainst } = dialect
  const relay = (id: string) => builder.updateTable(table.relays).where('id', '=', id)
  return {
    async now() {
      return onlyRow(await tx.glance(builder.selectNoFrom(now.as('now')).compile())).now
    },
    async holdRelay(id) {
      const query = builder.selectFrom(table.relays).select('id').where('id', '=', id).modifyEnd(holdAgainst.removal)
      return (await rowsOf(tx, query)).length > 0
    },
    async relays() {
      const query = builder
        .selectFrom(table.relays)
        .select(['id', 'label', 'trusted', 'window_positions', expiredLease(dialect).as('expired')])
        .orderBy('id')
        .modifyEnd(holdAgainst.change)
      return (await rowsOf(tx, query)).map(
        (row): RelayRecord => ({
          id: row.id,
          label: row.label,
          trusted: row.trusted === 1,
          expired: Boolean(row.expired),
          window: JSON.parse(row.window_positions),
        }),
      )
    },
    removeRelay: (id) => run(tx, builder.deleteFrom(table.relays).where('id', '=', id)),
    trustRelay: (id) => run(tx, relay(id).set({ trusted: 1 })),
    async owners() {
      const owners = new Array<string | null>(laneCount).fill(null)
      for (const row of await rowsOf(tx, builder.selectFrom(table.lanes).selectAll())) owners[row.lane] = row.owner
      return owners
    },
    assign: (lanes, owner) =>
      run(
        tx,
        builder
          .updateTable(table.lanes)
          .set({ owner })
          .where(inNumbers(dialect, 'lane', lanes)),
      ),
    setWindow: (id, window) => run(tx, relay(id).set({ window_positions: JSON.stringify(window) })),
  }
}

function keyState(
  { builder, dialect, table }: SqlContext,
  statements: FailureStatements,
  tx: SqlTransaction,
): Pick<LaneTransaction, KeyState> {
  const removeSuspects = async (positions: readonly Position[]): Promise<void> => {
    if (positions.length > 0) await tx.write(statements.removeSuspects(positions))
  }
  return {
    async holds(lanes) {
      const query = builder
        .selectFrom(table.holds)
        .selectAll()
        .where(inNumbers(dialect, 'lane', lanes))
        .orderBy('head')
      return (await rowsOf(tx, query)).map(({ due_at, ...hold }) => ({ ...hold, dueAt: due_at }))
    },
    async putHolds(holds) {
      if (holds.length === 0) return
      await tx.write(statements.removeKeys(holds))
      for (const insert of statements.insertHolds(holds)) await tx.write(insert)
    },
    async removeHolds(holds) {
      if (holds.length > 0) await tx.write(statements.removeHolds(holds))
    },
    suspects: (lanes) =>
      rowsOf(
        tx,
        builder
          .selectFrom(table.suspects)
          .selectAll()
          .where(inNumbers(dialect, 'lane', lanes))
          .orderBy('position'),
      ),
    async putSuspects(suspects) {
      if (suspects.length === 0) return
      await removeSuspects(suspects.map((suspect) => suspect.position))
      for (const insert of statements.insertSuspects(suspects)) await tx.write(insert)
    },
    removeSuspects,
  }
}

function outcomes(
  { builder, dialect, table }: SqlContext,
  statements: FailureStatements,
  tx: SqlTransaction,
): Pick<LaneTransaction, Outcomes> {
  return {
    async pending(positions) {
      const query = builder
        .selectFrom(table.messages)
        .select(['position', 'lane', 'crashes', ...messageColumns])
        .where(inNumbers(dialect, 'position', positions))
        .where('status', '=', 'PENDING')
        .orderBy('position')
      return (await rowsOf(tx, query)).map((row) => ({
        position: row.position,
        lane: row.lane,
        crashes: row.crashes,
        message: toMessage(row),
      }))
    },
    retry: (rows, change) => tx.write(statements.retry({ rows, change })),
    bury: (rows, change) => tx.write(statements.bury({ rows, change })),
  }
}

function inNumbers(dialect: SqlContext['dialect'], column: string, values: readonly number[]) {
  return dialect.oneOf(sql.ref(column), sql`${dialect.list(values)}`, 'number')
}
