import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Outbox } from '@waybill/core'
import type { BenchSettings } from '../harness/benchmark.ts'
import { withDirectory } from '../harness/directory.ts'
import type { ShopStorage } from '../outbox/outbox-database.ts'
import { withOutbox } from '../outbox/outboxes.ts'
import { messageOptions, orderPlaced } from '../relaying/sample-message.ts'
import { openStorage } from '../sqlite/open-storage.ts'
import { connect, createOutboxFile } from '../sqlite/outbox-file.ts'
import type { Address, RelayStorage } from './address.ts'

/** An outbox that producers write to. */
export interface Producing {
  readonly address: Address
  empty(): Promise<void>
  openShops(): ShopStorage
  /** Resolves when nothing waits. */
  drained(): Promise<void>
}

const everyMs = 20

/** Does work with an outbox of its own, which is removed when it has ended. */
export function withProducing<T>(
  storage: RelayStorage,
  settings: BenchSettings,
  work: (producing: Producing) => Promise<T>,
): Promise<T> {
  if (storage === 'sqlite') return withDirectory((directory) => work(inFile(join(directory, 'outbox.db'))))
  return withOutbox(storage, settings, (outbox) =>
    work({
      address: { storage, at: outbox.url },
      empty: () => outbox.empty(),
      openShops: () => outbox.openShops({ wakeups: true }),
      async drained() {
        while (await outbox.hasPending()) await sleep(everyMs)
      },
    }),
  )
}

function inFile(file: string): Producing {
  createOutboxFile(file, { pending: 0 })
  const database = connect(file)
  const waiting = database.prepare(`select 1 from waybill_messages where status = 'PENDING' limit 1`)
  return {
    address: { storage: 'sqlite', at: file },
    async empty() {
      database.exec('delete from waybill_messages')
    },
    openShops: () => openShops(file),
    async drained() {
      while (waiting.all().length > 0) await sleep(everyMs)
    },
  }
}

/** Producers that use better-sqlite3 by itself, on one connection. */
function openShops(file: string): ShopStorage {
  const opened = openStorage(file, { keeps: false })
  const database = connect(file)
  const outbox = new Outbox({ storage: opened.storage })
  const insert = database.prepare('insert into orders (customer, total) values (?, ?)')
  let orders = 0
  const order = database.transaction(() => void insert.run('somebody', ++orders))
  const withMessage = database.transaction(() => {
    insert.run('somebody', ++orders)
    return outbox.enqueueSync(database, 'order.placed', orderPlaced(orders), messageOptions(orders, false)).id
  })
  return {
    storage: opened.storage,
    open: async () => ({
      order: async () => order.immediate(),
      orderWithMessage: async () => withMessage.immediate(),
      [Symbol.asyncDispose]: async () => undefined,
    }),
    async [Symbol.asyncDispose]() {
      database.close()
      await opened[Symbol.asyncDispose]()
    },
  }
}
