import { type OwnServer, onServer, startRabbitmq } from '@waybill/conformance/containers'
import { afterAll, expect, it } from 'vitest'
import { rabbitmqPublisher } from '../src/index.ts'
import { message, publish, typesOf } from './publish.ts'
import { plainChannel, unique } from './server.ts'

const server = await startRabbitmq()
const slow = { timeout: 240_000 }

/** Further nodes in the same container, by number. They have no plugins: the ports of those are the first node's. */
const others = [2, 3]
const settings = (node: number) =>
  `RABBITMQ_NODENAME=rabbit${node} RABBITMQ_NODE_PORT=568${node} RABBITMQ_ENABLED_PLUGINS_FILE=/tmp/no-plugins`

async function run(rabbit: OwnServer, script: string): Promise<void> {
  const { exitCode, output } = await rabbit.exec(['bash', '-c', `set -e\n${script}`])
  if (exitCode !== 0) throw new Error(`failed: ${script}\n${output}`)
}

/** A node that has just been started cannot be asked yet whether it has. */
const start = (node: number) =>
  `${settings(node)} rabbitmq-server -detached
  for attempt in $(seq 60); do rabbitmqctl -n rabbit${node} await_startup && break || sleep 1; done`

async function makeCluster(rabbit: OwnServer): Promise<void> {
  await run(rabbit, "echo '[].' > /tmp/no-plugins")
  for (const node of others) {
    const join = ['stop_app', 'join_cluster rabbit', 'start_app'].map((step) => `rabbitmqctl -n rabbit${node} ${step}`)
    await run(rabbit, [start(node), ...join].join('\n'))
  }
}

onServer(server, { it }, (rabbit) => {
  afterAll(() => rabbit.stop())

  it('a quorum queue without its majority accepts nothing, and goes on when it has it again', slow, async () => {
    await makeCluster(rabbit)
    const topic = unique('orders')
    const { model, channel } = await plainChannel(rabbit.url)
    await channel.assertExchange(topic, 'topic', { durable: true })
    const quorum = { 'x-queue-type': 'quorum', 'x-quorum-initial-group-size': 3 }
    await channel.assertQueue(topic, { durable: true, arguments: quorum })
    await channel.bindQueue(topic, topic, '#')
    const publisher = rabbitmqPublisher({ rabbitmq: { url: rabbit.url } })
    const publishOne = async (id: string, timeoutMs: number) =>
      typesOf(await publish(publisher, [message(topic, { id })], timeoutMs))
    await expect.poll(() => publishOne('before', 5000), { timeout: 60_000 }).toEqual(['accepted'])

    for (const node of others) await run(rabbit, `rabbitmqctl -n rabbit${node} stop`)
    const [during] = await publishOne('during', 2000)
    expect(['unknown', 'unavailable']).toContain(during)

    for (const node of others) await run(rabbit, start(node))
    await expect.poll(() => publishOne('after', 5000), { timeout: 60_000 }).toEqual(['accepted'])
    await publisher.close()
    const ids: string[] = []
    for (let found = await channel.get(topic); found !== false; found = await channel.get(topic))
      ids.push(String(found.properties.messageId))
    await model.close()
    expect(ids).toEqual(expect.arrayContaining(['before', 'after']))
  })
})
