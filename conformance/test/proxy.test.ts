import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { proxyBefore } from '../src/index.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A server that answers each line, and a proxy before it. */
async function setup() {
  const heard: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      heard.push(data.toString())
      socket.write('yes')
    })
  }).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const proxy = await proxyBefore(`some://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}/there?a=b`)
  closing.push(() => proxy.close())
  const dial = async () => {
    const socket = connect(proxy.address)
    closing.push(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { heard, proxy, dial }
}

async function ask(socket: Socket): Promise<string> {
  socket.write('is it?')
  const [answer] = await once(socket, 'data')
  return String(answer)
}

it('keeps all of the URL but host and port, and passes on what is said', async () => {
  const { proxy, dial, heard } = await setup()
  expect(proxy.url).toBe(`some://me:secret@127.0.0.1:${proxy.address.port}/there?a=b`)
  expect(await ask(await dial())).toBe('yes')
  expect(heard).toEqual(['is it?'])
})

it('cuts connections, refuses new ones, and takes them again at the same address', async () => {
  const { proxy, dial } = await setup()
  const socket = await dial()
  await ask(socket)
  const ended = once(socket, 'close')
  await proxy.cut()
  await proxy.cut()
  await ended
  await expect(dial()).rejects.toThrow('ECONNREFUSED')
  await proxy.restore()
  await proxy.restore()
  expect(await ask(await dial())).toBe('yes')
})

it('loses replies of what has arrived, until it is reset', async () => {
  const { proxy, dial, heard } = await setup()
  const socket = await dial()
  await ask(socket)
  proxy.swallowReplies()
  const ended = once(socket, 'close')
  socket.on('data', () => expect.unreachable())
  socket.write('still?')
  await expect.poll(() => heard).toEqual(['is it?', 'still?'])
  proxy.reset()
  await ended
  expect(await ask(await dial())).toBe('yes')
})
