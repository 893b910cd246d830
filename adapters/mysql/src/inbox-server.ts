import { createHash } from 'node:crypto'
import type {
  CommandClaim,
  CommandClaimRequest,
  CommandKey,
  Receipt,
  Transition,
  TransitionOutcome,
} from '@waybill/core/contracts'
import {
  findDone,
  type InboxServer,
  keptComing,
  lastTransition,
  onlyRow,
  type SqlContext,
  type SqlExecutor,
  type Template,
} from '@waybill/sql'
import { sql } from 'kysely'
import { serverErrorNumber } from './errors.ts'
import { keyLockTemplate } from './key-locks.ts'

const attemptsAtMost = 5

interface ServerParts {
  readonly context: SqlContext
  readonly keyLock: Template<string>
}

export function mysqlInboxServer(context: SqlContext): InboxServer {
  const keyLock = keyLockTemplate(context)
  return {
    recordedAt: recordedAt(context),
    record: (executor, receipts) => record(context, executor, receipts),
    claim: (executor, request) =>
      request.whenBusy === 'wait' ? claim(context, executor, request) : claimAtOnce(context, executor, request),
    append: (executor, transition) => append({ context, keyLock }, executor, transition),
    whenKnown: sql`on duplicate key update`,
    unlessThere: sql`on duplicate key update begun_at = begun_at`,
    skipLocked: sql`for update skip locked`,
  }
}

/** Even: a receipt that is met again becomes odd, see the dialect. */
function recordedAt({ dialect }: SqlContext) {
  return sql<number>`((${dialect.now}) div 2) * 2`
}

/** One insert, whose count tells, unless some receipts are new and some are not; then the even ones are new. */
async function record(
  context: SqlContext,
  executor: SqlExecutor,
  receipts: readonly Receipt[],
): Promise<readonly boolean[]> {
  const { builder, dialect, table } = context
  const rows = receipts.map(({ consumer, key }) => ({ consumer, key, recorded_at: recordedAt(context) }))
  const insert = dialect.skipKnown(builder.insertInto(table.receipts).values(rows))
  const { affected } = await executor.execute(insert.compile())
  if (affected === receipts.length) return receipts.map(() => true)
  if (affected === 2 * receipts.length) return receipts.map(() => false)
  const pair = [sql.ref('consumer'), sql.ref('key')] as const
  const list = dialect.list(receipts.map(({ consumer, key }) => [consumer, key] as const))
  const added = builder
    .selectFrom(table.receipts)
    .select(['consumer', 'key'])
    .where(dialect.pairOneOf(pair, sql`${list}`))
    .where(sql<boolean>`recorded_at & 1 = 0`)
  const text = ({ consumer, key }: Receipt) => `${consumer}\u0000${key}`
  const found = new Set((await executor.execute(added.compile())).rows.map(text))
  return receipts.map((receipt) => found.has(text(receipt)))
}

/** One insert, which waits for whoever has the row open and takes over a row that is stale. Then the row is ours to read. */
async function claim(context: SqlContext, executor: SqlExecutor, request: CommandClaimRequest): Promise<CommandClaim> {
  const { builder, dialect, table } = context
  const { scope, key, fingerprint, retentionMs } = request
  const expiresAt = sql<number>`${dialect.now} + ${retentionMs}`
  const isStale = sql`(result is null or expires_at <= ${dialect.now})`
  const insert = builder
    .insertInto(table.commands)
    .values({ scope, key, fingerprint, result: null, expires_at: expiresAt })
    // One after the other, each of what those before have left.
    .onDuplicateKeyUpdate({
      fingerprint: sql`if(${isStale}, ${fingerprint}, fingerprint)`,
      result: sql`if(${isStale}, null, result)`,
      expires_at: sql`if(result is null, ${expiresAt}, expires_at)`,
    })
  await executor.execute(insert.compile())
  const held = await read(context, executor, request, 'for update')
  return held?.result === null || held === undefined
    ? { type: 'new' }
    : { type: 'done', fingerprint: held.fingerprint, result: JSON.parse(held.result) }
}

/**
 * A read can be asked not to wait, and an insert cannot. So those who claim at once do it one after the other: nobody comes
 * between the read and the insert. The row is locked after that.
 */
async function claimAtOnce(
  context: SqlContext,
  executor: SqlExecutor,
  request: CommandClaimRequest,
): Promise<CommandClaim> {
  const { builder } = context
  const done = await findDone(context, executor, request)
  if (done !== null) return { type: 'done', ...done }
  const name = lockName(context, request)
  const taking = sql<{ taken: number | null }>`select get_lock(${name}, 0) as taken`.compile(builder)
  if (Number(onlyRow((await executor.execute(taking)).rows).taken) !== 1) return { type: 'busy' }
  try {
    await read(context, executor, request, 'for update nowait')
    return await claim(context, executor, request)
  } catch (error) {
    if (isLocked(error)) return { type: 'busy' }
    throw error
  } finally {
    await executor.execute(sql`do release_lock(${name})`.compile(builder))
  }
}

async function read(
  { builder, table }: SqlContext,
  executor: SqlExecutor,
  { scope, key }: CommandKey,
  hold: 'for update' | 'for update nowait',
) {
  const query = builder
    .selectFrom(table.commands)
    .select(['fingerprint', 'result'])
    .where('scope', '=', scope)
    .where('key', '=', key)
    .modifyEnd(sql.raw(hold))
  return (await executor.execute(query.compile())).rows[0]
}

/** The server's names of locks are those of all its databases, and short. */
function lockName({ tablePrefix }: SqlContext, { scope, key }: CommandKey) {
  const hash = createHash('sha256')
    .update(JSON.stringify([tablePrefix, scope, key]))
    .digest('hex')
  return sql`left(concat(${hash.slice(0, 40)}, ':', database()), 64)`
}

/** MariaDB says that the time to wait is over, MySQL that it did not wait. */
function isLocked(error: unknown): boolean {
  return error instanceof Error && [1205, 3572].includes(serverErrorNumber(error.cause) ?? 0)
}

/**
 * The last row is locked, where there is one, and else a row that others share. Without that, all that begin at the same time
 * would be refused by the index at once, each holding a lock that the others wait for.
 */
async function append(
  { context, keyLock }: ServerParts,
  executor: SqlExecutor,
  transition: Transition,
): Promise<TransitionOutcome> {
  const { builder, dialect, table } = context
  const { machine, entity, from, to, reason } = transition
  for (let attempt = 1; attempt <= attemptsAtMost; attempt++) {
    const read = () => lastTransition(context, executor, transition, sql`for update`)
    let last = await read()
    if (last === undefined) {
      await executor.execute(keyLock(`${machine}\u0000${entity}`))
      last = await read()
    }
    const current = last?.to ?? null
    if (current !== from) return { type: 'conflict', current }
    const sequence = (last?.sequence ?? 0) + 1
    const states = { from_state: from, to_state: to, reason: reason ?? null }
    const insert = builder
      .insertInto(table.transitions)
      .values({ machine, entity, sequence, ...states, at: dialect.now })
    try {
      await executor.execute(insert.compile())
      return { type: 'appended', sequence }
    } catch (error) {
      if (!(error instanceof Error && serverErrorNumber(error.cause) === 1062)) throw error
    }
  }
  throw keptComing(`'${entity}' moves in circles`)
}
