import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { InboxHarness, StorageHarness, TimeControl } from '@waybill/conformance'
import { type NodeSqliteTransaction, nodeSqliteInbox, nodeSqliteStorage, schema } from '../src/index.ts'

/** A clock that rules move by hand, so that nobody waits for a lease to end. */
export function virtualClock(): TimeControl {
  let time = Date.now()
  return {
    now: () => time,
    advance(ms) {
      time += ms
    },
  }
}

/** A file with the tables in it, as a migration makes them. */
async function freshFile(): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-node-sqlite-'))
  const file = join(folder, 'shop.sqlite')
  using database = new DatabaseSync(file)
  database.exec(schema)
  return { file, remove: () => rm(folder, { recursive: true }) }
}

// #region storage
/** An outbox in a file of its own. What another process would open is another storage on the same file. */
export async function storage(): Promise<StorageHarness<NodeSqliteTransaction>> {
  const { file, remove } = await freshFile()
  const time = virtualClock()
  const opened: Disposable[] = []
  const open = () => {
    const another = nodeSqliteStorage({ file, now: time.now, monotonicNow: time.now })
    opened.push({ [Symbol.dispose]: () => void another.close() })
    return another
  }
  const connect = () => {
    const connection = new DatabaseSync(file)
    opened.push(connection)
    return connection
  }
  const first = open()
  return {
    storage: first,
    runner: first,
    time,
    oneWriter: true,
    reopen: async () => open(),
    outsideTransaction: connect,
    transactionSync: (work) => inTransaction(connect(), work),
    async close() {
      for (const each of opened) each[Symbol.dispose]()
      await remove()
    },
  }
}
// #endregion

/** As users do who have a connection of their own. */
function inTransaction(connection: DatabaseSync, work: (tx: DatabaseSync) => void): void {
  connection.exec('begin immediate')
  try {
    work(connection)
    connection.exec('commit')
  } catch (error) {
    connection.exec('rollback')
    throw error
  }
}

export async function inbox(): Promise<InboxHarness<NodeSqliteTransaction>> {
  const { file, remove } = await freshFile()
  const time = virtualClock()
  const opened: Disposable[] = []
  const connect = () => {
    const another = nodeSqliteInbox({ file, now: time.now })
    opened.push({ [Symbol.dispose]: () => another.close() })
    return { inbox: another, runner: another }
  }
  return {
    ...connect(),
    time,
    oneWriter: true,
    reopen: async () => connect(),
    async close() {
      for (const each of opened) each[Symbol.dispose]()
      await remove()
    },
  }
}
