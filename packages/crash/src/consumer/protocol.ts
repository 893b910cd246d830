import type { BrokerAddress, Share } from '../broker/broker.ts'
import type { StorageName } from '../storages/storage.ts'

// What a consumer's process and the runner say to each other.

export interface ConsumerInput {
  readonly storage: StorageName
  readonly database: string
  readonly broker: BrokerAddress
  readonly shares: readonly Share[]
  /** Names this process, in the table of effects too. */
  readonly label: string
  readonly seed: number
}

export type FromConsumer =
  | { readonly type: 'ready' }
  /** It has given a message up, which it must not. */
  | { readonly type: 'rejected'; readonly id: string }
  /** Something was thrown that is no error of ours: a mistake in the code. */
  | { readonly type: 'defect'; readonly text: string }

export interface ToConsumer {
  readonly type: 'stop'
}
