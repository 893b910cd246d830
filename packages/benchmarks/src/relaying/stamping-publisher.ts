import type { BrokerPublisher } from '@waybill/core/contracts'
import { acceptingPublisher } from './accepting-publisher.ts'

export interface StampingPublisher {
  readonly publisher: BrokerPublisher
  /** When each message came, by id. */
  readonly stamps: ReadonlyMap<string, number>
}

/** The same for all processes of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

/** A broker that takes note of when it is called. */
export function stampingPublisher(): StampingPublisher {
  const stamps = new Map<string, number>()
  const accepting = acceptingPublisher()
  return {
    stamps,
    publisher: {
      ...accepting,
      async publish(messages, options) {
        const now = monotonicMs()
        for (const { id } of messages) stamps.set(id, now)
        return await accepting.publish(messages, options)
      },
    },
  }
}
