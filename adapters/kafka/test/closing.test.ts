import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onServer, sharedKafka } from '@waybill/conformance/containers'
import { expect, it } from 'vitest'
import { TestBroker } from './broker.ts'
import { clients } from './setup.ts'

const program = fileURLToPath(new URL('programs/ends.ts', import.meta.url))

onServer(await sharedKafka(), { it }, ({ url }) => {
  it.for(clients)('a process that has closed everything ends by itself, by %s', { timeout: 90_000 }, async (client) => {
    await using broker = await TestBroker.at(url)
    const [topic = ''] = await broker.topics(1)
    const command = ['--conditions=@waybill/source', program, broker.address, topic, client]
    const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 60_000 })
    expect(stdout).toBe('closed\n')
  })
})
