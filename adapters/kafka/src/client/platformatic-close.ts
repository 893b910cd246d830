import type { Connection, ConnectionPool } from '@platformatic/kafka'
import { withinTime } from '../within-time.ts'

const closeWithinMs = 1000

/** What has connections that can be ended for certain. */
interface Closable {
  readonly connections: ConnectionPool
}

/** Closes a client and, should it wait for an answer that never comes, ends its connections. */
export async function closeFor(close: () => Promise<void>, parts: readonly Closable[]): Promise<void> {
  const open: Connection[] = parts.flatMap(({ connections }) => [...connections].map(([, connection]) => connection))
  await withinTime(close(), closeWithinMs).catch(() => undefined)
  for (const { socket } of open) if (socket !== undefined && !socket.destroyed) socket.destroy()
}
