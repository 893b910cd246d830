import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child } from '../../process/child.ts'
import type { Acceptance, Broker, BrokerTerms } from '../broker.ts'

export interface BrokerInput {
  readonly file: string
  /** 0: any that is free. */
  readonly port: number
}

export interface FromBroker {
  readonly type: 'listening'
  readonly port: number
}

interface Running {
  readonly port: number
  readonly child: Child<never, FromBroker>
}

/** A broker that is nothing but an append-only log in a process of its own. Its topics are parts of one log. */
export async function startLogBroker({ folder }: Pick<BrokerTerms, 'folder'>): Promise<Broker> {
  const file = join(folder, 'broker.jsonl')
  const output = join(folder, 'broker.out')
  let running = await startProcess({ file, port: 0 }, output)
  const end = async () => {
    running.child.signal('SIGKILL')
    await running.child.ended
  }
  return {
    available: true,
    server: 'an append-only file',
    address: { broker: 'log', url: `tcp://127.0.0.1:${running.port}` },
    refusesInPart: false,
    async restart() {
      await end()
      running = await startProcess({ file, port: running.port }, output)
    },
    async readLog() {
      const lines = (await readFile(file, 'utf8')).split('\n')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Acceptance)
    },
    stop: end,
  }
}

async function startProcess(input: BrokerInput, output: string): Promise<Running> {
  const { promise, resolve, reject } = Promise.withResolvers<Running>()
  const module = new URL('broker-process.ts', import.meta.url)
  const child: Child<never, FromBroker> = new Child({ module, input, output }, ({ port }) => resolve({ port, child }))
  void child.ended.then(() => reject(new Error(`The broker did not start, see ${output}`)))
  return await promise
}
