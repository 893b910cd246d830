import { Relay } from '@waybill/core'
import { sqliteStorage } from '@waybill/sqlite'
import { openShop } from './databases.ts'
import type { FromRelay, RelayTask, ToRelay } from './pipe.ts'
import { type Pipe, pipePublisher } from './pipe-publisher.ts'

// The relay, in a process of its own. It is killed at any moment, and then another one goes on where it has ended.

const { file, leaseMs }: RelayTask = JSON.parse(process.argv[2] ?? '{}')

const pipe: Pipe = {
  send: (message: FromRelay) =>
    new Promise((resolve, reject) => {
      if (process.send === undefined) return reject(new Error('The relay was not started by the demo'))
      process.send(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
    }),
  onMessage: (listener) => {
    process.on('message', (message: ToRelay) => listener(message))
  },
}

const db = openShop(file)
const storage = sqliteStorage({ db })
// A lease of 30 s is the default. The demo cannot wait so long for each of its kills.
const relay = new Relay({ storage, publisher: pipePublisher(pipe), leaseMs, publishTimeoutMs: leaseMs * 0.8 })

// Ctrl-C reaches us too, but the demo says when to stop.
process.on('SIGINT', () => undefined)
process.once('disconnect', () => void relay.stop())
pipe.onMessage(({ type }) => {
  if (type === 'stop') void relay.stop()
})

await relay.start()
await pipe.send({ type: 'ready' })
await relay.closed
await storage.close()
await db.destroy()
process.disconnect?.()
