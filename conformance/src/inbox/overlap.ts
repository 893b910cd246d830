import type { TransactionRunner } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { OpaqueTransaction } from '../transaction.ts'

type Tx = OpaqueTransaction

/** Two transactions of which the first is open while the second does its work. */
export interface Overlap<First, Second> {
  readonly first: { readonly runner: TransactionRunner<Tx>; readonly work: (tx: Tx) => Promise<First> }
  readonly second: () => Promise<Second>
  readonly end: 'commit' | 'roll back'
  /** How long the second may take to answer, in milliseconds; long where it must not wait. @default 150 */
  readonly patienceMs?: number
}

/** For what must not wait: as long as a busy machine may take for it. */
export const withoutWaiting = { patienceMs: 5000 }

export interface Overlapped<First, Second> {
  readonly first: First
  /** What the second answered while the first was open; `undefined`: nothing, within a fair time. */
  readonly early: Second | undefined
  readonly second: Second
}

/** Runs the second when the first has done its work, and ends the first when the second has had the time to answer. */
export async function overlap<First, Second>(
  time: Timeline,
  { first, second, end, patienceMs = 150 }: Overlap<First, Second>,
): Promise<Overlapped<First, Second>> {
  const [hasWorked, mayEnd] = [Promise.withResolvers<First>(), Promise.withResolvers<void>()]
  const rollback = new Error('the work failed')
  const running = first.runner.transaction(async (tx) => {
    hasWorked.resolve(await first.work(tx))
    await mayEnd.promise
    if (end === 'roll back') throw rollback
  })
  running.catch(hasWorked.reject)
  const answer = await hasWorked.promise
  const waiting = second()
  const early = await time.within(patienceMs, waiting)
  mayEnd.resolve()
  await running.catch((error: unknown) => {
    if (error !== rollback) throw error
  })
  return { first: answer, early, second: await waiting }
}

/** Does the work in a transaction and takes it back. */
export async function rolledBack<T>(runner: TransactionRunner<Tx>, work: (tx: Tx) => Promise<T>): Promise<T> {
  const failure = new Error('taken back')
  const done: T[] = []
  const running = runner.transaction(async (tx) => {
    done.push(await work(tx))
    throw failure
  })
  await running.catch((error: unknown) => {
    if (error !== failure) throw error
  })
  return done[0] as T
}
