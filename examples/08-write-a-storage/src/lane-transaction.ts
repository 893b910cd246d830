import type { DatabaseSync } from 'node:sqlite'
import { type Hold, type LaneTransaction, laneCount, type Suspect } from '@waybill/core/lanes'
import { storageError } from './errors.ts'
import { type MessageRow, toMessage } from './message-row.ts'

/** Steps of a transaction that is alone: whoever else wants to write waits until it has ended. */
export function nodeSqliteLaneTransaction(sql: DatabaseSync, now: () => number): LaneTransaction {
  return { now: async () => now(), ...relaySteps(sql, now), ...keySteps(sql), ...rowSteps(sql, now) }
}

type Values = Readonly<Record<string, string | number | null>>

/** With lists as JSON: a statement has as many parameters as it has names. */
function run(sql: DatabaseSync, statement: string, values: Values = {}): void {
  all(sql, statement, values)
}

function all<Row>(sql: DatabaseSync, statement: string, values: Values = {}): readonly Row[] {
  try {
    return sql.prepare(statement).all(values) as unknown as readonly Row[]
  } catch (error) {
    throw storageError(error)
  }
}

type RelaySteps = 'holdRelay' | 'relays' | 'removeRelay' | 'trustRelay' | 'owners' | 'assign' | 'setWindow'

interface RelayRow {
  readonly id: string
  readonly label: string
  readonly lease_ms: number
  readonly lease_until: number
  readonly trusted: number
  readonly window: string
}

function relaySteps(sql: DatabaseSync, now: () => number): Pick<LaneTransaction, RelaySteps> {
  return {
    // Nobody else can remove it before this transaction ends.
    holdRelay: async (id) => all(sql, 'select 1 from waybill_relays where id = :id', { id }).length > 0,
    async relays() {
      const at = now()
      return all<RelayRow>(sql, 'select * from waybill_relays').map((row) => ({
        id: row.id,
        label: row.label,
        trusted: row.trusted === 1,
        expired: row.lease_until <= at || row.lease_until > at + row.lease_ms,
        window: JSON.parse(row.window),
      }))
    },
    removeRelay: async (id) => run(sql, 'delete from waybill_relays where id = :id', { id }),
    trustRelay: async (id) => run(sql, 'update waybill_relays set trusted = 1 where id = :id', { id }),
    async owners() {
      const owners = new Array<string | null>(laneCount).fill(null)
      const rows = all<{ lane: number; owner: string | null }>(sql, 'select lane, owner from waybill_lanes')
      for (const { lane, owner } of rows) owners[lane] = owner
      return owners
    },
    async assign(lanes, owner) {
      const assignment = 'update waybill_lanes set owner = :owner where lane in (select value from json_each(:lanes))'
      run(sql, assignment, { owner, lanes: JSON.stringify(lanes) })
    },
    async setWindow(id, window) {
      run(sql, 'update waybill_relays set window = :window where id = :id', { id, window: JSON.stringify(window) })
    },
  }
}

type KeySteps = 'holds' | 'putHolds' | 'removeHolds' | 'suspects' | 'putSuspects' | 'removeSuspects'

function keySteps(sql: DatabaseSync): Pick<LaneTransaction, KeySteps> {
  const inLanes = 'lane in (select value from json_each(:lanes))'
  return {
    async holds(lanes) {
      const columns = 'topic, key, lane, head, due_at as dueAt'
      return all<Hold>(sql, `select ${columns} from waybill_holds where ${inLanes}`, { lanes: JSON.stringify(lanes) })
    },
    async putHolds(holds) {
      const put = 'insert or replace into waybill_holds values (:topic, :key, :lane, :head, :dueAt)'
      for (const { topic, key, lane, head, dueAt } of holds) run(sql, put, { topic, key, lane, head, dueAt })
    },
    async removeHolds(holds) {
      const remove = 'delete from waybill_holds where topic = :topic and key = :key and head = :head'
      for (const { topic, key, head } of holds) run(sql, remove, { topic, key, head })
    },
    async suspects(lanes) {
      return all<Suspect>(sql, `select * from waybill_suspects where ${inLanes}`, { lanes: JSON.stringify(lanes) })
    },
    async putSuspects(suspects) {
      const put = 'insert or replace into waybill_suspects values (:position, :lane, :crashes)'
      for (const { position, lane, crashes } of suspects) run(sql, put, { position, lane, crashes })
    },
    async removeSuspects(positions) {
      const listed = 'position in (select value from json_each(:positions))'
      run(sql, `delete from waybill_suspects where ${listed}`, { positions: JSON.stringify(positions) })
    },
  }
}

function rowSteps(sql: DatabaseSync, now: () => number): Pick<LaneTransaction, 'pending' | 'retry' | 'bury'> {
  const isPending = "position = :position and id = :id and status = 'PENDING'"
  const failed = 'attempts = :attempts, crashes = :crashes, last_error = :error'
  return {
    async pending(positions) {
      const listed = 'position in (select value from json_each(:positions))'
      const query = `select * from waybill_messages where status = 'PENDING' and ${listed} order by position`
      const rows = all<MessageRow>(sql, query, { positions: JSON.stringify(positions) })
      return rows.map((row) => ({
        position: row.position,
        lane: row.lane,
        crashes: row.crashes,
        message: toMessage(row),
      }))
    },
    async retry(rows, { attempts, crashes, error }) {
      const values = { attempts, crashes, error: JSON.stringify(error) }
      const change = `update waybill_messages set ${failed} where ${isPending}`
      for (const { position, id } of rows) run(sql, change, { position, id, ...values })
    },
    async bury(rows, { attempts, crashes, reason, error }) {
      const values = { attempts, crashes, error: JSON.stringify(error), reason, now: now() }
      const died = "status = 'DEAD', dead_reason = :reason, settled_at = :now"
      const change = `update waybill_messages set ${failed}, ${died} where ${isPending}`
      for (const { position, id } of rows) run(sql, change, { position, id, ...values })
    },
  }
}
