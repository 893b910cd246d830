import { connect } from './outbox-file.ts'

export const columns = `position, id, topic, type, ordering_key, lane, payload, headers, attributes, aggregate_type, aggregate_id,
  attempts, crashes, max_attempts, available_at, expires_at, created_at`

export interface BareLoopOptions {
  readonly file: string
  readonly batchSize: number
  /** Published rows stay as PUBLISHED instead of being deleted. */
  readonly keeps: boolean
}

/**
 * What somebody would write by hand: read after a floor, publish, settle by list, one commit a batch. It has one reader,
 * knows no failure, no crash and no second process, and does with each row what the storage must do too.
 */
export interface BareLoop {
  /** Answers how many rows it has read and settled; 0 when there are none. */
  next(): number
  /** Works until nothing is left. Answers how many rows there were. */
  drain(): number
  close(): void
}

export function bareLoop({ file, batchSize, keeps }: BareLoopOptions): BareLoop {
  const database = connect(file)
  const read = database.prepare<[number, number], { readonly position: number }>(
    `select ${columns} from waybill_messages where status = 'PENDING' and position > ? order by position limit ?`,
  )
  const settle = database.prepare<[string]>(settleStatement(keeps))
  let floor = 0
  const next = () => {
    const rows = read.all(floor, batchSize)
    const positions = rows.map((row) => row.position)
    floor = positions.at(-1) ?? floor
    if (positions.length > 0) settle.run(JSON.stringify(positions))
    return positions.length
  }
  return {
    next,
    drain() {
      let sum = 0
      for (let count = next(); count > 0; count = next()) sum += count
      return sum
    },
    close: () => void database.close(),
  }
}

export function settleStatement(keeps: boolean): string {
  const listed = `status = 'PENDING' and position in (select value from json_each(?))`
  return keeps
    ? `update waybill_messages set status = 'PUBLISHED', published_at = unixepoch() * 1000 where ${listed}`
    : `delete from waybill_messages where ${listed}`
}
