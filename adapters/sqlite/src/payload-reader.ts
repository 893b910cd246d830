import { markAsUntransferable } from 'node:worker_threads'
import type { Position } from '@waybill/core/lanes'
import { type SqlContext, type Statement, template } from '@waybill/sql'

type Payload = Uint8Array | string

/** Answers the bytes of a payload that was read as the dialect's `readsPayload` says. */
export type PayloadReader = (row: { readonly position: Position; readonly payload: Payload }) => Payload

const replacement = '\uFFFD'

/**
 * Turns payloads back to bytes. What is no UTF-8 has replacement characters as a text, and is read once more as it is: no
 * byte is lost, whatever a payload is said to be.
 */
export function payloadReader({
  builder,
  table,
}: SqlContext): (read: <Row>(statement: Statement<Row>) => readonly Row[]) => PayloadReader {
  const stored = template<Position, { payload: Payload }>((parameter) =>
    builder
      .selectFrom(table.messages)
      .select('payload')
      .where(
        'position',
        '=',
        parameter((position) => position),
      ),
  )
  const slab = new Slab()
  return (read) =>
    ({ position, payload }) => {
      if (typeof payload !== 'string') return payload
      if (!payload.includes(replacement)) return slab.encode(payload)
      return read(stored(position))[0]?.payload ?? payload
    }
}

const slabBytes = 65_536
/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const bytesPerUnit = 3

/**
 * Encodes texts side by side in one buffer, which is far cheaper than a buffer for each. Whoever keeps one of them keeps its
 * neighbours too, but no more than fit in here; large ones stand alone.
 */
class Slab {
  #buffer = Buffer.alloc(0)
  #used = 0

  encode(text: string): Uint8Array {
    const most = text.length * bytesPerUnit
    if (most > slabBytes / 8) return Buffer.from(text)
    if (this.#used + most > this.#buffer.length) this.#renew()
    const start = this.#used
    this.#used += this.#buffer.write(text, start)
    return this.#buffer.subarray(start, this.#used)
  }

  /** Transferring one of them to another thread would take its neighbours along: it is refused. */
  #renew(): void {
    this.#buffer = Buffer.allocUnsafeSlow(slabBytes)
    this.#used = 0
    markAsUntransferable(this.#buffer.buffer)
  }
}
