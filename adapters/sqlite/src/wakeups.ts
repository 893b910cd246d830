import type { WakeupSource } from '@waybill/core/contracts'
import type { SqlContext } from '@waybill/sql'
import { sql } from 'kysely'
import type { SqliteConnection } from './connection.ts'

/**
 * Tells of inserts by other connections. SQLite cannot call, so it is asked: first whether anything has been committed,
 * then whether a position has been drawn, lest relays wake each other with their own writes.
 */
export function sqliteWakeups(
  { builder, table }: SqlContext,
  connection: () => Promise<SqliteConnection>,
  intervalMs: number,
): WakeupSource {
  const drawn = sql<{ seq: number }>`select seq from sqlite_sequence where name = ${table.messages}`.compile(builder)
  return {
    async subscribe(wake) {
      const opened = await connection()
      const lastDrawn = () => opened.read((run) => run(drawn)[0]?.seq ?? 0)
      let version = opened.dataVersion()
      // Without tables there is nothing to wake for, and it is for the relay to say what is missing.
      let last = await lastDrawn().catch(() => 0)
      const look = async (): Promise<void> => {
        const now = opened.dataVersion()
        if (now === version) return
        const position = await lastDrawn()
        version = now
        if (position === last) return
        last = position
        wake()
      }
      const timer = setInterval(() => void look().catch(ignore), intervalMs).unref()
      return {
        async [Symbol.asyncDispose]() {
          clearInterval(timer)
        },
      }
    },
  }
}

/** A wakeup is a hint. The next look, or the relay's next poll, finds what this one has not seen, and its error too. */
function ignore(): void {}
