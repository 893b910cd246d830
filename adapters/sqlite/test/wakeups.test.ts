import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Relay } from '@waybill/core'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { expect, it, vi } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { emptyDatabase, migratedDatabase, plainInsert } from './database.ts'

const run = promisify(execFile)
const script = fileURLToPath(import.meta.resolve('./another-process.ts'))

function insertElsewhere(file: string, id: string): Promise<unknown> {
  return run(process.execPath, ['--conditions=@waybill/source', script, file, id])
}

async function setup() {
  const test = migratedDatabase()
  const storage = sqliteStorage({ db: test.kysely(), wakeupIntervalMs: 2 })
  const wake = vi.fn<() => void>()
  const subscription = await storage.wakeups?.subscribe(wake)
  return {
    test,
    storage,
    wake,
    subscription,
    async [Symbol.asyncDispose]() {
      await subscription?.[Symbol.asyncDispose]()
      await storage.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

it('tells of a message that another process has committed', async () => {
  await using test = await setup()
  await insertElsewhere(test.test.file, 'a')
  await vi.waitFor(() => expect(test.wake).toHaveBeenCalled(), { timeout: 5000 })
  test.wake.mockClear()
  await insertElsewhere(test.test.file, 'b')
  await vi.waitFor(() => expect(test.wake).toHaveBeenCalled(), { timeout: 5000 })
})

it('says nothing of commits that insert nothing, such as those of other relays', async () => {
  await using test = await setup()
  const other = test.test.connect()
  other.exec('update waybill_meta set value = value')
  const second = sqliteStorage({ database: other })
  await second.leave(await second.join({ label: 'other', leaseMs: 1000 }))
  await second.close()
  plainInsert(other, 'a')
  await vi.waitFor(() => expect(test.wake).toHaveBeenCalledTimes(1), { timeout: 5000 })
})

it('leaves it to the relay to say that the tables are missing', async () => {
  await using test = emptyDatabase()
  const storage = sqliteStorage({ db: test.kysely(), wakeupIntervalMs: 2 })
  const relay = new Relay({ storage, publisher: memoryPublisher({ broker: memoryBroker() }) })
  const errors: Error[] = []
  relay.on('error', (error) => void errors.push(error))
  await expect(relay.start()).rejects.toMatchObject({ code: 'SCHEMA_STALE' })
  await storage.close()
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('no such table: waybill_meta')])
})

it('is silent once it is disposed of', async () => {
  await using test = await setup()
  await test.subscription?.[Symbol.asyncDispose]()
  const again = vi.fn<() => void>()
  await using _ = await test.storage.wakeups?.subscribe(again)
  plainInsert(test.test.connect(), 'a')
  await vi.waitFor(() => expect(again).toHaveBeenCalled(), { timeout: 5000 })
  expect(test.wake).not.toHaveBeenCalled()
})
