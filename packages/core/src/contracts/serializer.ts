/** Turns values into the bytes of a payload and back. The default writes JSON and refuses what JSON would change. */
export interface Serializer {
  /** Media type of what {@link serialize} makes, for example `application/json`. */
  readonly contentType: string
  /** @throws {@link MessageError} `PAYLOAD_UNSERIALIZABLE` for a value that would not come back the same. */
  serialize(value: unknown): Uint8Array
  /** @throws {@link MessageError} `PAYLOAD_UNREADABLE`. */
  deserialize(payload: Uint8Array): unknown
}
