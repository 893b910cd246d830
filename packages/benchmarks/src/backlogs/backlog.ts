import { join } from 'node:path'
import type { BenchSettings, ServerStorage } from '../harness/benchmark.ts'
import { withDirectory } from '../harness/directory.ts'
import { withOutbox } from '../outbox/outboxes.ts'
import { connect, createOutboxFile, removeOutboxFile } from '../sqlite/outbox-file.ts'
import type { Address, RelayStorage } from './address.ts'

export interface Waiting {
  readonly count: number
  readonly keys: number
}

/** An outbox that is filled anew for each sample. */
export interface Backlog {
  /** What was in it before is gone. */
  fill(waiting: Waiting): Promise<Address>
  /** Of the outbox as it was filled last. */
  hasPending(): Promise<boolean>
}

/** Does work with an outbox of its own, which is removed when it has ended. */
export function withBacklog<T>(
  storage: RelayStorage,
  settings: BenchSettings,
  work: (backlog: Backlog) => Promise<T>,
): Promise<T> {
  return storage === 'sqlite' ? withFile(work) : withServer(storage, settings, work)
}

function withServer<T>(
  storage: ServerStorage,
  settings: BenchSettings,
  work: (backlog: Backlog) => Promise<T>,
): Promise<T> {
  return withOutbox(storage, settings, (outbox) =>
    work({
      async fill(waiting) {
        await outbox.empty()
        await outbox.add(waiting)
        // Without statistics, loops by hand would have plans that are of no use; the storage guards its own.
        await outbox.analyze()
        return { storage, at: outbox.url }
      },
      hasPending: () => outbox.hasPending(),
    }),
  )
}

function withFile<T>(work: (backlog: Backlog) => Promise<T>): Promise<T> {
  return withDirectory((directory) => {
    const file = join(directory, 'outbox.db')
    return work({
      async fill({ count, keys }) {
        removeOutboxFile(file)
        createOutboxFile(file, { pending: count, keys })
        return { storage: 'sqlite', at: file }
      },
      async hasPending() {
        using database = disposable(file)
        return database.prepare(`select 1 from waybill_messages where status = 'PENDING' limit 1`).all().length > 0
      },
    })
  })
}

function disposable(file: string) {
  const database = connect(file)
  return { prepare: (sql: string) => database.prepare(sql), [Symbol.dispose]: () => void database.close() }
}
