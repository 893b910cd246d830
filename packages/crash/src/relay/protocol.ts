import type { BrokerAddress } from '../broker/broker.ts'
import type { StorageName, StorageSettings } from '../storages/storage.ts'

// What a relay's process and the runner say to each other.

export interface RelayInput extends StorageSettings {
  readonly storage: StorageName
  readonly database: string
  readonly broker: BrokerAddress
  /** Names this process, in the broker's log too. */
  readonly label: string
  readonly seed: number
  /** It kills itself while it publishes, sooner or later. */
  readonly crashes: boolean
}

export type FromRelay =
  | { readonly type: 'ready' }
  /** The broker's answer for these messages is not known, or was kept from the relay. */
  | { readonly type: 'unanswered'; readonly ids: readonly string[] }
  /** The broker said no to these messages, sent and answered between these times, in milliseconds since the epoch. */
  | { readonly type: 'refused'; readonly ids: readonly string[]; readonly from: number; readonly to: number }
  | { readonly type: 'lease-lost' }
  /** A sweep of the relay found messages where none can be. */
  | { readonly type: 'anomaly'; readonly messages: number }
  /** Something was thrown in the relay that is no error of ours: a mistake in the code. */
  | { readonly type: 'defect'; readonly text: string }

export interface ToRelay {
  readonly type: 'stop'
}
