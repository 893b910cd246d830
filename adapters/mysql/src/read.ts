import { StorageError } from '@waybill/core/contracts'
import type { LaneRead, LaneReadResult, Position } from '@waybill/core/lanes'
import {
  byFilters,
  type Connection,
  type LaneRowColumns,
  nextDue,
  onlyRow,
  pendingQuery,
  type RowKind,
  type ServerIdentity,
  type Session,
  type SqlContext,
  type Template,
  template,
  toLaneRow,
} from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'
import { throughIndex } from './dialect.ts'

/** A stretch of positions is read along the primary key if one in so many of them is likely to be pending. */
const sparseness = 4

/**
 * Differs between servers, also between copies of one that have kept its number: a replica that is promoted is another one.
 * MariaDB takes the mark of a server for a comment.
 */
const serverName: RawBuilder<string> = sql`concat_ws(' ', @@global.server_id, @@hostname, @@port /*!80000 , @@server_uuid */)`

/** Reads of one session, and what they have told of the server. */
export interface Reader {
  /** Reads what is pending: the facts of the moment first, then all rows in one statement, which is one snapshot. */
  read(request: LaneRead): Promise<LaneReadResult>
  readonly server: ServerIdentity
}

/**
 * @param session - Where claims read.
 * @param saw - Told of the highest position read.
 */
export function mysqlReader(context: SqlContext, session: Session, saw: (position: Position) => void): Reader {
  const facts = byFilters((_, like) => factsTemplate(context, like))
  const readRows = rowsReader(context)
  let last = ''
  const epochOf = (server: string) => `${session.connector.generation} ${server}`
  return {
    read: (request) =>
      session.use(async (connection) => {
        const now = onlyRow((await connection.query(facts(request)(request))).rows)
        if (now.writable !== 1) throw replica()
        const rows = await readRows(connection, request, now.due === 1)
        saw(rows.at(-1)?.position ?? 0)
        last = now.server
        return {
          rows: rows.map((row) => toLaneRow(row, now.now)),
          now: now.now,
          nextAvailableAt: rows.length < request.limit ? now.next : null,
          endedWriters: [],
          epoch: epochOf(now.server),
        }
      }),
    server: { name: serverName, of: (epoch) => (epoch === epochOf(last) ? last : null) },
  }
}

type ReadRows = (
  connection: Connection,
  request: LaneRead,
  scheduledAreDue: boolean,
) => Promise<readonly LaneRowColumns[]>

function rowsReader(context: SqlContext): ReadRows {
  const along = byFilters((mask) => rowsTemplate(context, { mask, index: 'primary', kinds: ['immediate'] }))
  const immediate = byFilters((mask) => rowsTemplate(context, { mask, index: 'status', kinds: ['immediate'] }))
  const all = byFilters((mask) => rowsTemplate(context, { mask, index: 'status', kinds: ['immediate', 'scheduled'] }))
  /** The last read was full, and its rows stood close together: so may the next ones. */
  let dense = false
  return async (connection, request, scheduledAreDue) => {
    const run = async (templates: typeof all, asked: LaneRead) => (await connection.query(templates(asked)(asked))).rows
    if (request.upTo !== null) return run(immediate, request)
    if (scheduledAreDue) {
      const rows = await run(all, request)
      return rows.toSorted((a, b) => a.position - b.position).slice(0, request.limit)
    }
    const stretch = { ...request, upTo: request.after + request.limit * sparseness }
    if (dense) {
      const rows = await run(along, stretch)
      // Whether there is more behind the stretch, only another read can tell.
      if (rows.length === request.limit) return rows
    }
    const rows = await run(immediate, request)
    const last = rows.at(-1)?.position ?? Number.POSITIVE_INFINITY
    dense = rows.length === request.limit && last <= stretch.upTo
    return rows
  }
}

interface Facts {
  readonly now: number
  /** Whether a scheduled row is due. */
  readonly due: number
  readonly next: number | null
  readonly server: string
  readonly writable: number
}

function factsTemplate(context: SqlContext, like: LaneRead): Template<LaneRead, Facts> {
  const { builder, dialect, table } = context
  return template((parameter) => {
    const lanes = like.lanes === null ? null : parameter((request) => dialect.list(request.lanes ?? []))
    const due = builder
      .selectFrom(table.messages)
      .select(sql.lit(1).as('due'))
      .where('status', '=', sql.lit('PENDING'))
      .where(sql<boolean>`available_at <= ${dialect.now}`)
    return builder.selectNoFrom([
      dialect.now.as('now'),
      sql<number>`exists(${due})`.as('due'),
      (like.upTo === null ? sql<number | null>`(${nextDue(context, lanes)})` : sql<null>`null`).as('next'),
      serverName.as('server'),
      sql<number>`cast(@@global.read_only as char) in ('0', 'OFF')`.as('writable'),
    ])
  })
}

interface RowsParts {
  readonly mask: number
  readonly index: 'primary' | 'status'
  readonly kinds: readonly RowKind[]
}

function rowsTemplate(context: SqlContext, { mask, index, kinds }: RowsParts): Template<LaneRead, LaneRowColumns> {
  const { builder, table } = context
  const source = throughIndex(table.messages, index === 'primary' ? index : `${table.messages}_${index}`)
  return template((parameter) => {
    const parts = kinds.map(
      (kind): RawBuilder<unknown> => sql`(${pendingQuery(context, { kind, mask, parameter, source })})`,
    )
    const query = sql<LaneRowColumns>`${sql.join(parts, sql` union all `)}`
    return { compile: () => query.compile(builder) }
  })
}

function replica(): StorageError {
  return new StorageError(
    'STORAGE_READ_ONLY',
    'Reads come from a server that takes no writes: connect relays to the primary, past any proxy that splits reads off',
  )
}
