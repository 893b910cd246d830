import { randomUUID } from 'node:crypto'
import { sharedRedis } from '@waybill/conformance/containers'
import type { Message } from '@waybill/core/contracts'
import { Redis } from 'ioredis'
import { decodeMessage, rawOf } from '../src/mapping.ts'

let found: ReturnType<typeof sharedRedis> | undefined

/** The server that all test files of a run share, or why there is none. It is started when somebody asks for it. */
export function findServer(): ReturnType<typeof sharedRedis> {
  found ??= sharedRedis()
  return found
}

export interface Access {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password: string
}

/** What a URL says, as options of ioredis. */
export function accessOf(url: string): Access {
  const { hostname, port, username, password } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    password: decodeURIComponent(password),
  }
}

/** A name that no other test has. */
export function unique(label: string): string {
  return `${label}-${randomUUID().slice(0, 8)}`
}

/** A client that is not the adapter's, as a person's or another program's. */
export async function plainClient(url: string): Promise<Redis> {
  const client = new Redis({ ...accessOf(url), lazyConnect: true })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Everything in a stream, read by the tool's own command. */
export async function readStream(client: Redis, stream: string, topic: string = stream): Promise<readonly Message[]> {
  const entries = (await client.callBuffer('XRANGE', stream, '-', '+')) as [Buffer, Buffer[]][]
  return entries.flatMap(([, fields]) => decodeMessage(topic, rawOf(fields)) ?? [])
}
