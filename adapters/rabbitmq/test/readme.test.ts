import { readFile } from 'node:fs/promises'
import { onServer } from '@waybill/conformance/containers'
import { expect, it, vi } from 'vitest'
import { findServer, plainChannel } from './server.ts'

const server = await findServer()

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

onServer(server, { it }, ({ url }) => {
  it('shows an example that is a file and runs', async () => {
    const [, example] = /```ts\n([\s\S]*?)```/.exec(await read('../README.md')) ?? []
    expect(await read('./readme-example.ts')).toBe(example)
    vi.stubEnv('RABBITMQ_URL', url)
    await import('./readme-example.ts')
    const { model, channel } = await plainChannel(url)
    expect((await channel.checkQueue('orders.billing')).messageCount).toBe(0)
    await channel.deleteQueue('orders.billing')
    await channel.deleteExchange('orders')
    await model.close()
  })
})
