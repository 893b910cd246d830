import type { StorageName } from '../storages/storage.ts'

// What a producer's process and the runner say to each other.

export interface ProducerInput {
  readonly storage: StorageName
  readonly database: string
  readonly connections: number
  readonly seed: number
  /** Messages to commit, exactly. */
  readonly messages: number
  /** Of them, so many that end the relay which publishes them. */
  readonly bombs: number
  /** Between two transactions of a connection, on average. */
  readonly thinkMs: number
}

export type FromProducer =
  | { readonly type: 'committed'; readonly messages: readonly CommittedMessage[]; readonly rollbacks: number }
  | { readonly type: 'done' }

export interface CommittedMessage {
  readonly id: string
  /** When the producer learnt of the commit, in milliseconds since the epoch. */
  readonly at: number
}
