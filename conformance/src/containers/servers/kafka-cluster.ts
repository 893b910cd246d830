import { kafka } from './kafka.ts'
import { kafkaClient } from './kafka-client.ts'
import type { ServerKind } from './kind.ts'
import type { OwnServer } from './server.ts'

/** Node 1 is the controller too, and is not to be killed; leaders move between it and node 2. */
const nodes = [
  { id: 1, client: 9092, inside: 19092, roles: 'broker,controller' },
  { id: 2, client: 9192, inside: 19192, roles: 'broker' },
] as const
const controller = 'localhost:19093'

const shared = [
  `controller.quorum.voters=1@${controller}`,
  'controller.listener.names=CONTROLLER',
  'inter.broker.listener.name=INSIDE',
  'listener.security.protocol.map=CLIENT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'broker.session.timeout.ms=2000',
  'broker.heartbeat.interval.ms=500',
  'offsets.topic.replication.factor=2',
  'offsets.topic.num.partitions=4',
  'group.initial.rebalance.delay.ms=0',
  'group.min.session.timeout.ms=500',
  'auto.create.topics.enable=false',
  'auto.leader.rebalance.enable=false',
  'replica.lag.time.max.ms=3000',
]

/** The lines of a node's configuration; the ports that clients use stand in variables. */
function settingsOf({ id, client, inside, roles }: (typeof nodes)[number]): readonly string[] {
  const listeners = [`CLIENT://:${client}`, `INSIDE://localhost:${inside}`]
  return [
    ...shared,
    `node.id=${id}`,
    `process.roles=${roles}`,
    `listeners=${[...listeners, ...(id === 1 ? [`CONTROLLER://${controller}`] : [])].join(',')}`,
    `advertised.listeners=CLIENT://$ADVERTISED_${id},INSIDE://localhost:${inside}`,
    `log.dirs=/tmp/kafka-logs/${id}`,
  ]
}

const bin = '/opt/kafka/bin'
const startNode = (id: number) => `${bin}/kafka-server-start.sh /tmp/${id}.properties & echo $! > /tmp/${id}.pid`
const script = [
  ...nodes.flatMap((node) => [
    `printf '%s\\n' ${settingsOf(node)
      .map((line) => `"${line}"`)
      .join(' ')} > /tmp/${node.id}.properties`,
    `${bin}/kafka-storage.sh format --ignore-formatted -t 5L6g3nShT-eMCtK--X86sw -c /tmp/${node.id}.properties`,
  ]),
  ...nodes.map(({ id }) => startNode(id)),
  'tail -f /dev/null',
].join('\n')

/** Two brokers in one container. */
export const kafkaCluster: ServerKind = {
  ...kafka,
  id: 'kafka-cluster',
  name: 'Apache Kafka with two brokers',
  urlVariable: 'WAYBILL_TEST_KAFKA_CLUSTER_URL',
  morePorts: [nodes[1].client],
  environment: { KAFKA_HEAP_OPTS: '-Xms160m -Xmx320m' },
  environmentAt: (host, port, [second = 0]) => ({
    ADVERTISED_1: `${host}:${port}`,
    ADVERTISED_2: `${host}:${second}`,
  }),
  command: ['bash', '-c', script],
  client: kafkaClient('4.1.1', undefined, nodes.length),
}

/** What moves the leaders of a cluster. */
export interface KafkaCluster extends OwnServer {
  /** SIGKILL to the second broker: what it led is led by the first. */
  killSecond(): Promise<void>
  startSecond(): Promise<void>
  /** Gives every partition back to its preferred leader, while both brokers live. */
  electPreferred(): Promise<void>
}

export function clusterOf(server: OwnServer): KafkaCluster {
  const run = async (...command: readonly string[]) => {
    const { exitCode, output } = await server.exec(command)
    if (exitCode !== 0) throw new Error(`${command.join(' ')} failed: ${output}`)
  }
  return {
    ...server,
    killSecond: () => run('bash', '-c', 'kill -9 $(cat /tmp/2.pid)'),
    startSecond: () => run('bash', '-c', `nohup bash -c '${startNode(2)}' > /tmp/2.log 2>&1`),
    electPreferred: () =>
      run(
        `${bin}/kafka-leader-election.sh`,
        ...['--bootstrap-server', 'localhost:19092', '--election-type', 'preferred', '--all-topic-partitions'],
      ),
  }
}
