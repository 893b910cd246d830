// What a publisher and the log broker say to each other over a socket: one JSON value a line.

export interface PublishRequest {
  readonly call: number
  readonly relay: string
  readonly messages: readonly SentMessage[]
}

export interface SentMessage {
  readonly id: string
  readonly topic: string
  readonly key: string | null
  readonly payload: string
}

/** All messages of the call stand in the log. */
export interface PublishReply {
  readonly call: number
}
