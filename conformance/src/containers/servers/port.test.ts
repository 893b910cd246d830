import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { freePort } from './port.ts'

it('finds ports that can be listened on, below those of outgoing connections', async () => {
  const port = await freePort()
  const server = createServer().listen(port)
  await once(server, 'listening')
  server.close()
  expect(port).toBeLessThan(32_768)
})
