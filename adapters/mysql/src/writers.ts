import type { Position, WriterBarrier } from '@waybill/core/lanes'
import { type Connection, type Session, type SqlContext, type Template, template } from '@waybill/sql'
import { type CompiledQuery, type RawBuilder, sql } from 'kysely'
import { serverErrorNumber } from './errors.ts'

/**
 * Tells who may still commit below which position, by the metadata locks: an insert takes its table's before it draws a
 * position, and the transaction keeps it until after its commit is visible.
 */
export interface WriterWatch {
  /** Looks for a view of the locks that this account can read and that the server fills. Answers whether there is one. */
  find(): Promise<boolean>
  /** `null` if there is no such view. */
  barrier(): Promise<WriterBarrier | null>
  /** Takes note of a position that a read has found: all up to it have been drawn. */
  saw(position: Position): void
}

/** How often to ask for the highest position beside what reads tell, in milliseconds. */
const askEveryMs = 1000

interface LockRow {
  readonly name: string
  readonly mode: string
  /** Of a transaction where the view tells them apart, else of a connection. */
  readonly writer: string
}

/** Modes of those who only read; what else there is may write. */
const readers = /^(MDL_)?(SHARED|SHARED_HIGH_PRIO|SHARED_READ|SHARED_READ_ONLY)$/

export function writerWatch(context: SqlContext, session: Session): WriterWatch {
  const views = lockViews(context)
  const highestPosition = highestTemplate(context)
  let found: CompiledQuery<LockRow> | undefined
  let highest: Position = 0
  let askAt = 0
  let generation = 0

  /** What another server has drawn says nothing of this one. */
  const forgetOthers = () => {
    if (generation === session.connector.generation) return
    generation = session.connector.generation
    highest = 0
    askAt = 0
  }
  const drawn = async (connection: Connection): Promise<Position> => {
    forgetOthers()
    if (performance.now() >= askAt) {
      const { rows } = await connection.query(highestPosition(highest))
      highest = rows[0]?.highest ?? highest
      askAt = performance.now() + askEveryMs
    }
    return highest
  }
  return {
    async find() {
      found = undefined
      for (const view of views) {
        const rows = await session.use((connection) => connection.query(view)).then(({ rows }) => rows, ifUnreadable)
        if (rows === null || !seesItself(context, rows)) continue
        found = view
        return true
      }
      return false
    },
    barrier: () =>
      session.use(async (connection) => {
        const view = found
        if (view === undefined) return null
        // The position must be read before the locks.
        const last = await drawn(connection)
        const { rows } = await connection.query(view)
        if (!seesItself(context, rows)) return null
        const writers = rows.filter((row) => row.name === context.table.messages && !readers.test(row.mode))
        return { last, writers: writers.map((row) => row.writer) }
      }),
    saw(position) {
      forgetOthers()
      highest = Math.max(highest, position)
    },
  }
}

/** Locks of the messages' table, and of the one that the statement itself reads, as a proof that the view shows locks. */
function lockViews({ builder, table }: SqlContext): readonly CompiledQuery<LockRow>[] {
  const names = sql`(${sql.lit(table.messages)}, ${sql.lit(table.meta)})`
  const held = sql`exists(select 1 from ${sql.table(table.meta)} where name = 'schema_version')`
  const views: readonly RawBuilder<LockRow>[] = [
    sql`select object_name as name, lock_type as mode, concat(owner_thread_id, ':', owner_event_id) as writer
      from performance_schema.metadata_locks where object_type = 'TABLE' and object_schema = database()
        and object_name in ${names} and lock_status = 'GRANTED' and ${held}`,
    sql`select table_name as name, lock_mode as mode, concat(thread_id, '') as writer
      from information_schema.metadata_lock_info where table_schema = database() and table_name in ${names} and ${held}`,
  ]
  return views.map((view) => view.compile(builder))
}

/** A server whose instruments are off shows an empty view, as if nobody wrote. */
function seesItself({ table }: SqlContext, rows: readonly LockRow[]): boolean {
  return rows.some((row) => row.name === table.meta)
}

/** All positions up to that of a row which is there have been drawn. */
function highestTemplate({ builder, table }: SqlContext): Template<Position, { readonly highest: Position | null }> {
  return template((parameter) =>
    builder
      .selectFrom(table.messages)
      .select((eb) => eb.fn.max('position').as('highest'))
      .where(
        'position',
        '>',
        parameter((after) => after),
      ),
  )
}

/** No such table, no such database, or no privilege to read it. */
function ifUnreadable(error: unknown): null {
  const number = serverErrorNumber(error instanceof Error && error.cause !== undefined ? error.cause : error)
  if (number !== undefined && [1044, 1109, 1142, 1146, 1227].includes(number)) return null
  throw error
}
