import type { Message } from '@waybill/core'

/** A message as the data of a job: JSON, with the payload as text where it is text. */
export interface JobData {
  readonly message: Omit<Message, 'topic' | 'type' | 'payload'>
  readonly payload: string
  readonly encoding: 'utf8' | 'base64'
}

/** What a job has of its message. */
export interface MessageJob {
  readonly name: string
  readonly queueName: string
  readonly data: JobData
}

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function dataOf({ topic: _topic, type: _type, payload, ...message }: Message): JobData {
  try {
    return { message, payload: strictText.decode(payload), encoding: 'utf8' }
  } catch {
    return { message, payload: Buffer.from(payload).toString('base64'), encoding: 'base64' }
  }
}

/** The message that a job carries, with its bytes as they were. */
export function messageOf({ name, queueName, data: { message, payload, encoding } }: MessageJob): Message {
  return { ...message, topic: queueName, type: name, payload: Buffer.from(payload, encoding) }
}

/** BullMQ keeps one job for an id, which may hold no colon and not be a number. */
export function jobIdOf({ id }: Pick<Message, 'id'>): string {
  return `m-${encodeURIComponent(id)}`
}
