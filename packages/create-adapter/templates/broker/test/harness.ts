import { randomUUID } from 'node:crypto'
import type { ConsumerHarness, PublisherHarness } from '@waybill/conformance'
import { acmeConsumer, acmePublisher } from '../src/index.ts'
import { notWritten } from '../src/not-written.ts'

/** A name that no other test has. Topics that do not come into being by themselves are made in the harness. */
const unique = (name: string): string => `${name}-${randomUUID()}`

export async function publisher(_rule: string): Promise<PublisherHarness> {
  const opened = acmePublisher()
  return {
    publisher: opened,
    topics: [unique('orders'), unique('mail')],
    // By the broker's client, not by your consumer: a mistake that both make would be found by nobody. `decode` is welcome, for
    // what comes out is compared with what was published.
    read: () => notWritten('read of the harness', 'answer everything in the topic, from its beginning'),
    // Add roles as you go: missingTopic, disrupt.
    close: () => opened.close(),
  }
}

export async function consumer(_rule: string): Promise<ConsumerHarness> {
  const opened = acmeConsumer()
  return {
    consumer: opened,
    topics: [unique('orders'), unique('mail')],
    groups: [unique('billing'), unique('mailer')],
    publish: () => notWritten('publish of the harness', 'put the messages into their topics, as your publisher does'),
    // Add roles as you go: another, crash, publishForeign. With crash, close as it does: a handler may never come to its end.
    close: () => opened.close(),
  }
}
