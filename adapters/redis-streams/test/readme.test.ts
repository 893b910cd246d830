import { readFile } from 'node:fs/promises'
import { onServer } from '@waybill/conformance/containers'
import { expect, it, vi } from 'vitest'
import { accessOf, findServer, plainClient } from './server.ts'

const server = await findServer()

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

onServer(server, { it }, ({ url }) => {
  it('shows an example that is a file and runs', async () => {
    const [, example] = /```ts\n([\s\S]*?)```/.exec(await read('../README.md')) ?? []
    expect(await read('./readme-example.ts')).toBe(example)
    const { host, port, password } = accessOf(url)
    vi.stubEnv('REDIS_HOST', host)
    vi.stubEnv('REDIS_PORT', String(port))
    vi.stubEnv('REDIS_PASSWORD', password)
    const client = await plainClient(url)
    await client.del('orders')
    await import('./readme-example.ts')
    expect(await client.xlen('orders')).toBe(1)
    await client.del('orders')
    client.disconnect()
  })
})
