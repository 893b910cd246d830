import { type MsgHdrs, headers as newHeaders } from '@nats-io/transport-node'
import type { Message, RawDelivery } from '@waybill/core/contracts'

/** Everything of a message but its topic and payload, as JSON: header lines of NATS have no line breaks, and JSON needs none. */
const fieldsHeader = 'Waybill-Message'

export function encodeHeaders({ topic: _topic, payload: _payload, ...fields }: Message): MsgHdrs {
  const headers = newHeaders()
  headers.set(fieldsHeader, JSON.stringify(fields))
  return headers
}

/** Bytes of headers as they travel: the version, a line for each, and an empty one. */
export function sizeOf(headers: MsgHdrs): number {
  const lines = [...headers].flatMap(([name, values]) => values.map((value) => `${name}: ${value}`))
  return Buffer.byteLength(['NATS/1.0', ...lines, '', ''].join('\r\n'))
}

export function rawOf(body: Uint8Array, headers: MsgHdrs | undefined): RawDelivery {
  const texts = [...(headers ?? [])].map(([name, values]) => [name, values.join(',')] as const)
  return { body, headers: Object.fromEntries(texts) }
}

/** The message that came; `undefined` for what is no message of ours. */
export function decode(topic: string, { body, headers }: RawDelivery): Message | undefined {
  const fields = parsed(headers[fieldsHeader])
  return fields === undefined ? undefined : { ...fields, topic, payload: body }
}

function parsed(text: string | undefined): Omit<Message, 'topic' | 'payload'> | undefined {
  try {
    const fields: Partial<Message> | null = JSON.parse(text ?? 'null')
    return typeof fields?.id === 'string' && typeof fields.type === 'string' ? (fields as Message) : undefined
  } catch {
    return undefined
  }
}
