import { randomUUID } from 'node:crypto'
import type { ServerKind } from './kind.ts'
import type { Database } from './server.ts'

/** How to make databases on the server behind a URL. */
export function databaseMaker(kind: ServerKind, serverUrl: string): () => Promise<Database> {
  return async () => {
    const name = `waybill_${randomUUID().replaceAll('-', '').slice(0, 20)}`
    await kind.client.createDatabase(serverUrl, name)
    const url = new URL(serverUrl)
    url.pathname = `/${name}`
    return { name, url: url.toString(), drop: () => kind.client.dropDatabase(serverUrl, name) }
  }
}
