import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'

/** How to reach NATS: its client's options but how to reconnect, which each side does as its contract needs it. */
export type NatsAccess = Omit<NodeConnectionOptions, 'reconnect' | 'maxReconnectAttempts' | 'ignoreClusterUpdates'>

export interface NatsPublisherOptions {
  readonly nats: NatsAccess
  /** Largest message that the server takes (`max_payload`), in bytes of payload and headers. @default 1_048_576 */
  readonly maxMessageBytes?: number
}

export interface NatsConsumerOptions {
  readonly nats: NatsAccess
  /**
   * After this time without a sign of life, in milliseconds, the server gives a delivery to another member. What is being
   * handled gives one every third of it. Of a consumer that is there already, its own time counts. @default 30_000
   */
  readonly ackWaitMs?: number
  /** Opens the connection. @default `connect` of @nats-io/transport-node */
  readonly connect?: (options: NodeConnectionOptions) => Promise<NatsConnection>
}
