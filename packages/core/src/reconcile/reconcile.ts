import type { InboxStorage, OutboxAdmin, TransactionRunner } from '../contracts/index.ts'
import { checkOptions, given } from '../settings/check-options.ts'

export interface ReconcileOptions<Tx> {
  /** What is being reconciled; runs of one name never enqueue an id twice. */
  readonly name: string
  /** Remembers what was enqueued here, and opens the transactions. */
  readonly inbox: InboxStorage<NoInfer<Tx>> & TransactionRunner<Tx>
  /**
   * Ids of all that should have been enqueued, in pages, for example of rows of a business table. Read it older than producers
   * take to commit, and not older than published messages are kept: what is pruned looks as if it had never been enqueued.
   */
  readonly expected: AsyncIterable<readonly string[]> | Iterable<readonly string[]>
  /** Which of these ids were enqueued; or a storage, where they are ids of messages. */
  readonly enqueued: ((ids: readonly string[]) => Promise<Iterable<string>>) | Pick<OutboxAdmin, 'inspect'>
  /** Enqueues what is missing, in the transaction that remembers it. */
  readonly enqueue: (tx: Tx, ids: readonly string[]) => Promise<unknown>
  /** Counts what is missing and rolls everything back. @default false */
  readonly dryRun?: boolean
  /** Ids per transaction at most. @default 500 */
  readonly batchSize?: number
  /** Ends it between two transactions. */
  readonly signal?: AbortSignal
}

export interface ReconcileCounts {
  readonly expected: number
  /** Enqueued by their producers. */
  readonly present: number
  /** Missing, and enqueued by an earlier or concurrent run of the same name. */
  readonly repaired: number
  /** Missing, and enqueued by this run; or by a dry run, if it were none. */
  readonly enqueued: number
}

/**
 * Compares what should have been enqueued with what was, and enqueues what is missing: for services that come from dual writes.
 *
 * Runs may be repeated and overlap: each id leaves a receipt of the consumer `reconcile:<name>` in the transaction that enqueues
 * it, so it is enqueued once by them while receipts are kept. A run that fails has committed the batches before.
 *
 * @throws `ConfigurationError`, what its functions and the storage throw, `signal.reason`.
 */
export async function reconcile<Tx>(options: ReconcileOptions<Tx>): Promise<ReconcileCounts> {
  const { expected, signal, batchSize = 500 } = checked(options)
  const counts = { expected: 0, present: 0, repaired: 0, enqueued: 0 }
  for await (const page of expected) {
    for (let start = 0; start < page.length; start += batchSize) {
      signal?.throwIfAborted()
      const ids = [...new Set(page.slice(start, start + batchSize))]
      const missing = await missingOf(options, ids)
      const enqueued = missing.length === 0 ? 0 : await repair(options, missing)
      counts.expected += ids.length
      counts.present += ids.length - missing.length
      counts.repaired += missing.length - enqueued
      counts.enqueued += enqueued
    }
  }
  return counts
}

function checked<Tx>(options: ReconcileOptions<Tx>): ReconcileOptions<Tx> {
  const { name, inbox, batchSize = 500 } = given(options)
  checkOptions('reconcile', (check) => {
    const named = typeof name === 'string' && name !== '' && name.length <= 200
    check.that(named, { option: 'name', value: name, rule: 'must be a name of at most 200 characters' })
    const usable = typeof inbox?.record === 'function' && typeof inbox.transaction === 'function'
    const rule = 'must be an InboxStorage that is a TransactionRunner too'
    check.that(usable, { option: 'inbox', value: inbox, rule })
    check.integer('batchSize', batchSize, 1)
  })
  return options
}

async function missingOf<Tx>({ enqueued }: ReconcileOptions<Tx>, ids: readonly string[]): Promise<readonly string[]> {
  if (typeof enqueued === 'function') {
    const known = new Set(await enqueued(ids))
    return ids.filter((id) => !known.has(id))
  }
  const missing: string[] = []
  for (const id of ids) {
    if ((await enqueued.inspect(id)) === null) missing.push(id)
  }
  return missing
}

/** Answers how many it enqueued. */
async function repair<Tx>(
  { name, inbox, enqueue, dryRun = false }: ReconcileOptions<Tx>,
  missing: readonly string[],
): Promise<number> {
  let count = 0
  const rollback = new Error('A dry run is rolled back')
  const work = async (tx: Tx) => {
    const receipts = missing.map((key) => ({ consumer: `reconcile:${name}`, key }))
    const outcomes = await inbox.record(tx, receipts)
    const fresh = missing.filter((_, index) => outcomes[index] === 'recorded')
    count = fresh.length
    if (dryRun) throw rollback
    if (count > 0) await enqueue(tx, fresh)
  }
  try {
    await inbox.transaction(work)
  } catch (error) {
    if (error !== rollback) throw error
  }
  return count
}
