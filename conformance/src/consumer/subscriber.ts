import type { ActiveSubscription, BrokerConsumer, Delivery, Disposition } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import { labelOf } from '../samples.ts'
import type { ConsumerHarness } from './harness.ts'

type Decide = (delivery: Delivery, nth: number) => Disposition | Promise<Disposition>

const ack: Disposition = { type: 'ack' }

/** What a rule subscribes with: it remembers every delivery and answers as it is told. */
export class Subscriber {
  readonly deliveries: Delivery[] = []
  inFlight = 0
  mostInFlight = 0
  readonly #decide: Decide

  constructor(decide: Decide = () => ack) {
    this.#decide = decide
  }

  /** Labels in the order of their deliveries; `?` for what is no message of ours. */
  get labels(): readonly string[] {
    return this.deliveries.map(({ message }) => (message === undefined ? '?' : labelOf(message)))
  }

  async subscribe(
    harness: ConsumerHarness,
    options: { readonly consumer?: BrokerConsumer; readonly group?: string; readonly maxInFlight?: number } = {},
  ): Promise<ActiveSubscription> {
    const { consumer = harness.consumer, group = harness.groups[0], maxInFlight = 10 } = options
    const subscription = { group, topics: [harness.topics[0]], maxInFlight }
    return await consumer.consume(subscription, (delivery) => this.#handle(delivery))
  }

  /** Waits until there have been `count` deliveries. */
  async received(time: Timeline, count: number): Promise<readonly Delivery[]> {
    return await time.eventually(`${count} deliveries`, async () =>
      this.deliveries.length >= count ? this.deliveries : undefined,
    )
  }

  async #handle(delivery: Delivery): Promise<Disposition> {
    this.deliveries.push(delivery)
    this.inFlight++
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
    try {
      return await this.#decide(delivery, this.deliveries.length)
    } finally {
      this.inFlight--
    }
  }
}

/** A disposition that a rule gives later. */
export class Gate {
  readonly #open: PromiseWithResolvers<Disposition> = Promise.withResolvers()

  get opened(): Promise<Disposition> {
    return this.#open.promise
  }

  open(disposition: Disposition = ack): void {
    this.#open.resolve(disposition)
  }
}
