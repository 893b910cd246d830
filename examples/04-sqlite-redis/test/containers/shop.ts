import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Server } from '@waybill/conformance/containers'
import { type Service, type ServiceStarter, servicesOf } from '@waybill/examples-testing'
import BetterSqlite3 from 'better-sqlite3'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'

export const folder: string = fileURLToPath(new URL('../..', import.meta.url))

/** A head office with its tills, with files and a stream of their own. */
export interface Shop {
  readonly env: Readonly<Record<string, string>>
  readonly start: ServiceStarter
  startTill(name: string, env?: Readonly<Record<string, string>>): Promise<Till>
  query<Row>(file: 'office.sqlite' | `${string}.sqlite`, text: string): Row[]
}

/** A till that runs. */
export interface Till {
  readonly service: Service
  readonly address: string
  /** Answers what the till has confirmed. */
  post(path: '/sales' | '/count', body?: object): Promise<unknown>
}

export function openShop(redis: Server): Shop {
  const files = mkdtempSync(join(tmpdir(), 'waybill-tills-'))
  const prefix = `${randomUUID()}.`
  onTestFinished(async () => {
    rmSync(files, { recursive: true })
    const client = new Redis(redis.url)
    await client.del(`${prefix}sales`)
    client.disconnect()
  })
  const env = {
    REDIS_URL: redis.url,
    REDIS_PREFIX: prefix,
    TILL_ID: 'till-1',
    TILL_FILE: join(files, 'till-1.sqlite'),
    OFFICE_FILE: join(files, 'office.sqlite'),
    RELAY_LEASE_MS: '2000',
    PORT: '0',
  }
  const start = servicesOf(folder, env)
  return {
    env,
    start,
    startTill: async (name, more) => {
      const own = { TILL_ID: name, TILL_FILE: join(files, `${name}.sqlite`), ...more }
      return tillOf(await start('till', ready('till'), { env: own }))
    },
    query: <Row>(file: string, text: string) => {
      using database = opened(join(files, file))
      return database.connection.prepare<[], Row>(text).all()
    },
  }
}

/** What a service prints when it is ready. */
export function ready(script: string): RegExp {
  return new RegExp(`^${script}: (started|listening on)`, 'm')
}

function tillOf(service: Service): Till {
  const address = /listening on (\S+)/.exec(service.output)?.[1] ?? ''
  return {
    service,
    address,
    post: async (path, body) => {
      const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const reply = await fetch(`${address}${path}`, { method: 'POST', ...(body && json) })
      if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
      return await reply.json()
    },
  }
}

function opened(file: string) {
  const connection = new BetterSqlite3(file, { readonly: true })
  return { connection, [Symbol.dispose]: () => void connection.close() }
}
