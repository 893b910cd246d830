/** As much of Kafka's protocol as the scripted brokers speak. https://kafka.apache.org/protocol */
export type Bytes = Buffer

export const concat = (parts: readonly Bytes[]): Bytes => Buffer.concat(parts)

export function int8(value: number): Bytes {
  return Buffer.from([value])
}

export function int16(value: number): Bytes {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Bytes {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: bigint): Bytes {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function string(value: string | null): Bytes {
  if (value === null) return int16(-1)
  const bytes = Buffer.from(value)
  return concat([int16(bytes.length), bytes])
}

export function array(items: readonly Bytes[]): Bytes {
  return concat([int32(items.length), ...items])
}

/** Reads a request from its header on. */
export class RequestReader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly #bytes: Bytes
  #at = 8

  constructor(bytes: Bytes) {
    this.#bytes = bytes
    this.apiKey = bytes.readInt16BE(0)
    this.apiVersion = bytes.readInt16BE(2)
    this.correlationId = bytes.readInt32BE(4)
    this.#string()
  }

  /** Of a produce request, version 3: how many replicas it waits for; to be read before the batches. */
  acks(): number {
    this.#string()
    const acks = this.#bytes.readInt16BE(this.#at)
    this.#at += 2 + 4
    return acks
  }

  /** The rest of the body of a produce request, for one topic. */
  producedBatches(): readonly { readonly partition: number; readonly values: readonly string[] }[] {
    return Array.from({ length: this.#int32() }, () => {
      this.#string()
      return Array.from({ length: this.#int32() }, () => {
        const partition = this.#int32()
        const length = this.#int32()
        const batch = this.#bytes.subarray(this.#at, this.#at + length)
        this.#at += length
        return { partition, values: valuesOf(batch) }
      })
    }).flat()
  }

  #int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  #string(): string {
    const length = Math.max(0, this.#bytes.readInt16BE(this.#at))
    this.#at += 2 + length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }
}

/** The values of an uncompressed record batch, format 2. */
function valuesOf(batch: Bytes): readonly string[] {
  const count = batch.readInt32BE(57)
  let at = 61
  const varint = () => {
    let [value, shift] = [0, 0]
    for (;;) {
      const byte = batch.readUInt8(at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
      shift += 7
    }
  }
  const bytes = () => {
    const length = Math.max(0, varint())
    at += length
    return batch.toString('utf8', at - length, at)
  }
  return Array.from({ length: count }, () => {
    const end = varint() + at
    at += 1
    varint()
    varint()
    bytes()
    const value = bytes()
    at = end
    return value
  })
}
