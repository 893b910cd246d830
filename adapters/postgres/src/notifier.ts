import type { TransactionRunner } from '@waybill/core/contracts'
import type { Session, SqlContext } from '@waybill/sql'
import { sql } from 'kysely'

/** Tells other processes that messages have been written. Never waited for, and never fails: relays poll as well. */
export interface Notifier {
  /** What it says of itself, so that a listener can pass over its own process' notifications. */
  readonly sender: string
  /**
   * Messages were written in a transaction. If somebody else commits it, nobody knows when: it tells at growing intervals.
   *
   * @param tx - Absent: the transaction of a statement that has yet to be run.
   */
  written(tx?: object): void
  /** A transaction of which {@link ended} will tell. */
  opened(tx: object): void
  ended(tx: object, committed: boolean): void
  close(): void
}

/** Between two notifications. One for each commit would cost producers up to half of their commits: all share one lock. */
const leastIntervalMs = 4
/** After the last insert. */
const delaysMs = [1, 5, 20, 80, 320, 1000] as const

export function channelOf({ tablePrefix, schema }: SqlContext): string {
  return `${schema === undefined ? '' : `${schema}.`}${tablePrefix}wakeup`
}

/** On the leading edge, from a connection of its own, outside business transactions. */
export function notifier(context: SqlContext, session: Session): Notifier {
  const sender = crypto.randomUUID()
  const statement = sql`select pg_notify(${channelOf(context)}, ${sender})`.compile(context.builder)
  let timer: NodeJS.Timeout | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let lastAt = Number.NEGATIVE_INFINITY
  let telling = false
  let insertedAt = 0
  let step: number = delaysMs.length
  /** Transactions of our own runner, and whether messages were written in them. */
  const ours = new WeakMap<object, boolean>()
  const arm = (at: number): void => {
    if (at >= dueAt) return
    dueAt = at
    if (telling) return
    clearTimeout(timer)
    const delayMs = Math.max(at, lastAt + leastIntervalMs) - performance.now()
    timer = setTimeout(() => void tell(), Math.max(0, delayMs))
  }
  const tell = async (): Promise<void> => {
    telling = true
    dueAt = Number.POSITIVE_INFINITY
    // A hint that gets lost is made up for by the next one, or by polling, which reports what is wrong with the server.
    await session.execute(statement).catch(() => undefined)
    telling = false
    lastAt = performance.now()
    const [delay, again] = [delaysMs[++step], dueAt]
    dueAt = Number.POSITIVE_INFINITY
    arm(Math.min(again, delay === undefined ? Number.POSITIVE_INFINITY : insertedAt + delay))
  }
  return {
    sender,
    written(tx) {
      if (tx !== undefined && ours.has(tx)) {
        ours.set(tx, true)
        return
      }
      insertedAt = performance.now()
      step = 0
      arm(insertedAt + delaysMs[0])
    },
    opened: (tx) => void ours.set(tx, false),
    ended(tx, committed) {
      if (committed && ours.get(tx)) arm(performance.now())
      ours.delete(tx)
    },
    close: () => clearTimeout(timer),
  }
}

/** Tells of messages as soon as the transactions in which they were written have been committed. */
export function telling<Tx extends object>(
  runner: TransactionRunner<Tx>,
  notify: Notifier | undefined,
): TransactionRunner<Tx> {
  if (notify === undefined) return runner
  return {
    async transaction(work, options) {
      let opened: Tx | undefined
      let committed = false
      try {
        const result = await runner.transaction((tx) => {
          opened = tx
          notify.opened(tx)
          return work(tx)
        }, options)
        committed = true
        return result
      } finally {
        if (opened !== undefined) notify.ended(opened, committed)
      }
    },
  }
}
