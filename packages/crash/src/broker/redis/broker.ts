import { type OwnServer, startRedis } from '@waybill/conformance/containers'
import type { Acceptance, Broker, BrokerTerms, NoBroker } from '../broker.ts'
import { brokerOn, outputOf } from '../own-server.ts'
import { relayHeader } from '../stamped-publisher.ts'
import { accessOf } from './access.ts'

/** Entries of one question. */
const page = 2000

/** One stream a topic. The server writes its append-only file to the disk before it answers. */
export function startRedisBroker({ topics, groups, serverArguments = [] }: BrokerTerms): Promise<Broker | NoBroker> {
  return brokerOn(startRedis({ arguments: serverArguments }), {
    broker: 'redis-streams',
    async prepare(server) {
      for (const topic of topics) await createStream(server, topic, groups)
    },
    async readLog(server) {
      const log: Acceptance[] = []
      for (const topic of topics) log.push(...(await readStream(server, topic)))
      return log
    },
  })
}

/** A stream comes with its first group. The judge's own is never read by. */
async function createStream(server: OwnServer, topic: string, groups: readonly string[]): Promise<void> {
  for (const group of ['witness', ...groups])
    await redisCli(server, ['XGROUP', 'CREATE', topic, group, '0', 'MKSTREAM'])
}

type Printed = readonly [id: string, fields: readonly string[]]

async function readStream(server: OwnServer, topic: string): Promise<readonly Acceptance[]> {
  const log: Acceptance[] = []
  for (let after = '-'; ; ) {
    const entries = JSON.parse(await redisCli(server, ['XRANGE', topic, after, '+', 'COUNT', String(page)]))
    for (const entry of entries as readonly Printed[]) log.push(acceptanceOf(topic, entry))
    const last = (entries as readonly Printed[]).at(-1)
    if (last === undefined) return log
    after = `(${last[0]}`
  }
}

/** The id of an entry begins with the server's time. */
function acceptanceOf(topic: string, [entryId, fields]: Printed): Acceptance {
  const named = new Map(fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : [])))
  return {
    id: named.get('waybill-id') ?? `without an id: ${topic}, ${entryId}`,
    topic,
    key: named.get('waybill-key') ?? null,
    payload: named.get('waybill-payload') ?? '',
    relay: named.get(relayHeader) ?? 'unknown',
    at: Number(entryId.split('-')[0]),
  }
}

async function redisCli(server: OwnServer, command: readonly string[]): Promise<string> {
  const { password } = accessOf(server.url)
  return await outputOf(server, ['redis-cli', '--no-auth-warning', '-e', '-a', password, '--json', ...command])
}
