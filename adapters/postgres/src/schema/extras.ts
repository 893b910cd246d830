import type { SqlContext } from '@waybill/sql'
import { enqueueFunction } from './enqueue-function.ts'
import { historyTable } from './history-table.ts'
import { pruneProcedure } from './prune-procedure.ts'
import type { Extras } from './statement.ts'

export function extras(context: SqlContext): Extras {
  const all = [enqueueFunction(context), pruneProcedure(context), historyTable(context)]
  return { create: all.flatMap(({ create }) => create), drop: all.toReversed().flatMap(({ drop }) => drop) }
}
