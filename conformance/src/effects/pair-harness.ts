import { commonTime } from '../common-time.ts'
import type { ConsumerHarness } from '../consumer/harness.ts'
import type { InboxHarness } from '../inbox/harness.ts'
import type { HarnessFactory } from '../rule.ts'
import type { EffectsHarness } from './harness.ts'

/** Makes what effects rules need of the harnesses that an inbox and a consumer have anyway. */
export function effectsHarness<Tx>(
  createInbox: HarnessFactory<InboxHarness<Tx>>,
  createConsumer: HarnessFactory<ConsumerHarness>,
): HarnessFactory<EffectsHarness<Tx>> {
  return async (rule) => {
    const [database, broker] = [await createInbox(rule), await createConsumer(rule)]
    const time = commonTime(database.time, broker.time)
    return {
      inbox: database.inbox,
      runner: database.runner,
      ...(database.reopen && { reopen: database.reopen.bind(database) }),
      consumer: broker.consumer,
      topics: broker.topics,
      groups: broker.groups,
      publish: broker.publish.bind(broker),
      ...(broker.another && { another: broker.another.bind(broker) }),
      ...(broker.crash && { crash: broker.crash.bind(broker) }),
      ...(broker.publishForeign && { publishForeign: broker.publishForeign.bind(broker) }),
      ...(time && { time }),
      async close() {
        await broker.close()
        await database.close()
      },
    }
  }
}
