import type { Generated } from 'kysely'

/** Times are milliseconds since the epoch. */
export interface MessagesTable {
  position: Generated<number>
  id: string
  topic: string
  type: string
  ordering_key: string | null
  /** Made by the database from `ordering_key ?? id`. */
  lane: Generated<number>
  /** Text only if another program wrote it so. */
  payload: Uint8Array | string
  /** JSON object of strings; null for none. */
  headers: string | null
  /** JSON object of the fields that most messages lack, see `attributes` in message-row.ts; null for none. */
  attributes: string | null
  aggregate_type: string | null
  aggregate_id: string | null
  status: Generated<'PENDING' | 'PUBLISHED' | 'DEAD'>
  attempts: Generated<number>
  crashes: Generated<number>
  max_attempts: number | null
  available_at: number | null
  expires_at: number | null
  /** By the producer's clock. */
  created_at: Generated<number>
  /** By the database's clock. */
  enqueued_at: Generated<number>
  published_at: number | null
  died_at: number | null
  dead_reason: string | null
  /** JSON of a `FailureSummary`. */
  last_error: string | null
}

export interface RelaysTable {
  id: string
  label: string
  lease_until: number
  lease_ms: number
  /** 0 or 1. */
  trusted: Generated<number>
  /** JSON array of positions. */
  window_positions: Generated<string>
}

export interface LanesTable {
  lane: number
  owner: string | null
}

export interface HoldsTable {
  topic: string
  /** `ordering_key ?? id`. */
  key: string
  lane: number
  head: number
  due_at: number
}

export interface SuspectsTable {
  position: number
  lane: number
  crashes: number
}

export interface ReceiptsTable {
  consumer: string
  key: string
  recorded_at: number
}

export interface DeadLettersTable {
  /** In the order of the first burials. */
  position: Generated<number>
  consumer: string
  key: string
  /** Hash of the ordering scope, which holds a NUL; null for what is no message. */
  scope: string | null
  /** For filters, as the two that follow: not longer than a name. */
  topic: string
  type: string | null
  ordering_key: string | null
  /** JSON of the message without its payload; null for what is none. */
  message: string | null
  /** Null if it is the body. */
  payload: Uint8Array | null
  body: Uint8Array
  /** JSON of the other facts of the delivery. */
  delivery: string
  reason: string
  /** JSON of a `FailureSummary`. */
  error: string
  attempts: number
  redrives: number
  died_at: number
  /** Null: it stays. */
  due_at: number | null
  edited_payload: Uint8Array | null
}

export interface CrashesTable {
  consumer: string
  key: string
  /** Its name, which nothing else has. */
  beginning: string
  begun_at: number
}

export interface CommandsTable {
  scope: string
  key: string
  fingerprint: string
  /** JSON of a text, since no database takes every text; null: claimed and not completed. */
  result: string | null
  expires_at: number
}

export interface TransitionsTable {
  machine: string
  entity: string
  sequence: number
  from_state: string | null
  to_state: string
  reason: string | null
  at: number
}

/** `schema_version`, `oldest_build`, `lane_count`. */
export interface MetaTable {
  name: string
  value: number
}

export interface Tables {
  messages: MessagesTable
  relays: RelaysTable
  lanes: LanesTable
  holds: HoldsTable
  suspects: SuspectsTable
  receipts: ReceiptsTable
  inbox_dead_letters: DeadLettersTable
  inbox_crashes: CrashesTable
  commands: CommandsTable
  transitions: TransitionsTable
  meta: MetaTable
}

export type TableNames = { readonly [Name in keyof Tables]: Name }

const names: readonly (keyof Tables)[] = [
  'messages',
  'relays',
  'lanes',
  'holds',
  'suspects',
  'receipts',
  'inbox_dead_letters',
  'inbox_crashes',
  'commands',
  'transitions',
  'meta',
]

/**
 * Real names of the tables. To the types they are the names without prefix, so that a builder knows the columns whatever
 * the prefix is.
 */
export function tableNames(prefix: string): TableNames {
  return Object.fromEntries(names.map((name) => [name, `${prefix}${name}`])) as TableNames
}
