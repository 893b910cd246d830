import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { Relay } from '@waybill/core'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { expect, it } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { message, migratedDatabase } from './database.ts'

async function joined() {
  const test = migratedDatabase()
  const db = test.kysely()
  const storage = sqliteStorage({ db })
  const session = await storage.join({ label: 'relay', leaseMs: 10_000 })
  return {
    test,
    db,
    storage,
    session,
    claim: () => storage.claim(session, { limit: 10, maxBytes: 1000, skipTopics: [], probeTopics: [] }),
    async [Symbol.asyncDispose]() {
      await storage.close()
      await test[Symbol.asyncDispose]()
    },
  }
}

/** As a backup is restored: under the same name lies another file. */
function replace(file: string): void {
  copyFileSync(file, `${file}.copy`)
  renameSync(`${file}.copy`, file)
}

const missing = { code: 'STORAGE_MISSING', retryable: false }

it('is noticed by whatever a relay does next', async () => {
  await using test = await joined()
  const { storage, session } = test
  replace(test.test.file)
  await expect(test.claim()).rejects.toMatchObject({ ...missing, message: expect.stringContaining('replaced') })
  await expect(storage.markPublishing(session, [])).rejects.toMatchObject(missing)
  await expect(storage.renew(session)).rejects.toMatchObject(missing)
  await expect(storage.count()).rejects.toMatchObject(missing)
})

it('is noticed when it has been removed', async () => {
  await using test = await joined()
  rmSync(test.test.file)
  await expect(test.claim()).rejects.toMatchObject(missing)
})

it('is itself again when it has been moved back', async () => {
  await using test = await joined()
  const { file } = test.test
  renameSync(file, `${file}.elsewhere`)
  await expect(test.claim()).rejects.toMatchObject(missing)
  renameSync(`${file}.elsewhere`, file)
  await test.db.transaction().execute((tx) => test.storage.insert(tx, [message()]))
  expect((await test.claim()).messages).toHaveLength(1)
})

it('ends a running relay', async () => {
  await using test = await joined()
  const relay = new Relay({
    storage: test.storage,
    publisher: memoryPublisher({ broker: memoryBroker() }),
    pollIntervalMs: 5,
    idlePollIntervalMs: 5,
  })
  relay.on('error', () => undefined)
  await relay.start()
  replace(test.test.file)
  await expect(relay.closed).rejects.toMatchObject(missing)
})
