import type { Message } from '@waybill/core/contracts'
import type { Place, Route } from '../brokers/broker.ts'
import type { ConsumingService } from './consuming-service.ts'
import { consumeByHand } from './loop-by-hand.ts'

/** As `Consumer` has them by default. */
export const concurrency = 10
const maxInFlight = 100

/** What takes messages from a broker and writes an invoice for each. */
export const contestants = ['Consumer', 'without an inbox'] as const
export type Contestant = (typeof contestants)[number]

export interface Consuming {
  readonly service: ConsumingService
  readonly route: Route
  readonly place: Place
  /** The invoice has been committed. */
  onProcessed(message: Message): void
  onError(error: Error): void
}

/** Starts it; disposing stops it. All use one group, so that each begins where the one before has ended. */
export function startConsuming(contestant: Contestant, consuming: Consuming): Promise<AsyncDisposable> {
  const { service, route, place, onProcessed, onError } = consuming
  const common = { source: route.openConsumer(place), group: place.name, concurrency, onError }
  if (contestant === 'Consumer') return service.subscribe({ ...common, onProcessed })
  return consumeByHand({
    ...common,
    maxInFlight,
    async apply(message) {
      await service.byHand(message, false)
      onProcessed(message)
    },
  })
}
