import type { TestDatabase } from './server.ts'

/** Publishes what it takes for due, in its order. Answers the ids. */
export type Publish = () => Promise<readonly string[]>

async function idsBelowHorizon(test: TestDatabase): Promise<readonly string[]> {
  const xmin = `pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
  const rows = await test.query<Row>(`${select} and xmin::text::bigint < ${xmin} order by xmin::text::bigint, position`)
  return rows.map((row) => row.id)
}

/** Ways to read an outbox that somebody would write by hand. Each loses, reorders or blocks in one of the schedules. */
export const naive: Readonly<
  Record<'cursor' | 'horizon' | 'sortedHorizon' | 'horizonCursor' | 'floor', (test: TestDatabase) => Publish>
> = {
  /** After the highest position that it has seen. */
  cursor(test) {
    let after = 0
    return async () => {
      const rows = await test.query<Row>(`${select} and position > $1 order by position`, [after])
      after = Math.max(after, ...rows.map((row) => Number(row.position)))
      return rows.map((row) => row.id)
    }
  },
  /** By transaction id and position, below the oldest open transaction: what most outboxes call correct. */
  horizon(test) {
    const published = new Set<string>()
    return async () => {
      const fresh = new Set(await idsBelowHorizon(test)).difference(published)
      for (const id of fresh) published.add(id)
      return [...fresh]
    }
  },
  /** As `horizon`, but each batch in the order of positions. */
  sortedHorizon(test) {
    const next = naive.horizon(test)
    return async () => {
      const rows = await test.query<Row>(`${select} and id = any($1) order by position`, [await next()])
      return rows.map((row) => row.id)
    }
  },
  /** After the highest position that it has seen, below the oldest open transaction. */
  horizonCursor(test) {
    let after = 0
    return async () => {
      const below = new Set(await idsBelowHorizon(test))
      const rows = await test.query<Row>(`${select} and position > $1 order by position`, [after])
      const fresh = rows.filter((row) => below.has(row.id))
      after = Math.max(after, ...fresh.map((row) => Number(row.position)))
      return fresh.map((row) => row.id)
    }
  },
  /** After a floor below which everything was seen published, and from the start when nothing is found. */
  floor(test) {
    let floor = 0
    const next = async () =>
      (await test.query<Row>(`${select} and position > $1 order by position limit 1`, [floor])).at(0)
    return async () => {
      let row = await next()
      if (row === undefined) {
        floor = 0
        row = await next()
      }
      if (row === undefined) return []
      floor = Number(row.position)
      await test.query('delete from waybill_messages where position = $1', [row.position])
      return [row.id]
    }
  },
}

interface Row {
  readonly position: string
  readonly id: string
}

/** For more conditions and an order. */
export const select = `select position, id from waybill_messages where status = 'PENDING'`
