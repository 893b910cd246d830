import { commonTime } from '../common-time.ts'
import type { PublisherHarness } from '../publisher/harness.ts'
import type { HarnessFactory } from '../rule.ts'
import type { StorageHarness } from '../storage/harness.ts'
import type { RelayHarness } from './harness.ts'

/** Makes what relay rules need of the harnesses that a storage and a publisher have anyway. */
export function pairHarness<Tx>(
  createStorage: HarnessFactory<StorageHarness<Tx>>,
  createPublisher: HarnessFactory<PublisherHarness>,
): HarnessFactory<RelayHarness<Tx>> {
  return async (rule) => {
    const [storage, broker] = [await createStorage(rule), await createPublisher(rule)]
    const time = commonTime(storage.time, broker.time)
    return {
      storage: storage.storage,
      runner: storage.runner,
      ...(storage.reopen === undefined ? {} : { reopen: storage.reopen.bind(storage) }),
      publisher: broker.publisher,
      topics: broker.topics,
      read: broker.read.bind(broker),
      ...(broker.disrupt === undefined ? {} : { disrupt: broker.disrupt }),
      ...(time === undefined ? {} : { time }),
      async close() {
        await broker.close()
        await storage.close()
      },
    }
  }
}
