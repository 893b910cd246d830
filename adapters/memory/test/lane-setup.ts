import type { LaneRead, LaneReadResult, LaneStore } from '@waybill/core/lanes'
import { type MemoryDatabase, memoryDatabase, memoryLaneStore } from '../src/index.ts'
import { manualClock, message } from './messages.ts'

export const error: { readonly code: string; readonly message: string } = { code: 'BROKER_REJECTED', message: 'no' }

/** Everything that is pending. */
export const readAll: LaneRead = {
  lanes: null,
  after: 0,
  upTo: null,
  exclude: [],
  onlyTopic: null,
  skipTopics: [],
  skipKeys: [],
  limit: 100,
  watch: [],
}

export interface LaneSetup {
  readonly clock: ReturnType<typeof manualClock>
  readonly database: MemoryDatabase
  readonly store: Required<LaneStore>
  insert(...messages: Parameters<typeof message>[]): void
  read(changes?: Partial<LaneRead>): Promise<LaneReadResult>
  /** Ids of what {@link read} answers. */
  ids(changes?: Partial<LaneRead>): Promise<readonly string[]>
}

/** A lane store on a database of its own, with a clock that the test moves. */
export function setup(options: { readonly retentionMs?: number } = {}): LaneSetup {
  const clock = manualClock()
  const database = memoryDatabase({ now: clock.now })
  const store = memoryLaneStore(database, options)
  const insert = (...messages: Parameters<typeof message>[]) => {
    const tx = database.begin()
    tx.insertMessages(messages.map((parameters) => message(...parameters)))
    tx.commit()
  }
  const read = (changes: Partial<LaneRead> = {}) => store.read({ ...readAll, ...changes })
  const ids = async (changes?: Partial<LaneRead>) => (await read(changes)).rows.map((row) => row.message.id)
  return { clock, database, store, insert, read, ids }
}
