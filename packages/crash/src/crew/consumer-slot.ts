import type { Share } from '../broker/broker.ts'
import type { ConsumerInput, FromConsumer } from '../consumer/protocol.ts'
import type { Random } from '../random.ts'
import type { History, Life } from './history.ts'
import { Slot } from './slot.ts'

export interface ConsumerSlotOptions {
  readonly name: string
  /** What all consumers have in common. */
  readonly consumer: Omit<ConsumerInput, 'label' | 'seed' | 'shares'>
  /** What the process of this slot takes from the broker. */
  readonly shares: readonly Share[]
  /** The module of a consumer's process. */
  readonly module: URL
  readonly folder: string
  readonly random: Random
  readonly history: History
}

export type ConsumerSlot = Slot<Life, FromConsumer>

export function consumerSlot(options: ConsumerSlotOptions): ConsumerSlot {
  const { name, consumer, shares, module, folder, random, history } = options
  return new Slot<Life, FromConsumer>({
    name,
    folder,
    emptyMs: 0,
    begin: (label) => history.beginConsumer(label),
    start(label) {
      const input: ConsumerInput = { ...consumer, shares, label, seed: random.seed() }
      return { module, input }
    },
    hear(_, message) {
      if (message.type === 'rejected') history.rejected.push(message.id)
      if (message.type === 'defect') history.defects.push(message.text)
    },
    onLeave() {
      history.leaves++
    },
  })
}
