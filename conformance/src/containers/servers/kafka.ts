import { kafkaClient } from './kafka-client.ts'
import type { ServerKind } from './kind.ts'

const version = '4.1.1'
/** For the tools inside the container, and between brokers. */
const insidePort = 19092
const controllerPort = 19093

/** One process as broker and controller. Nothing comes into being by itself; groups form at once and notice a dead member soon. */
const settings = {
  KAFKA_NODE_ID: '1',
  KAFKA_PROCESS_ROLES: 'broker,controller',
  KAFKA_CONTROLLER_QUORUM_VOTERS: `1@localhost:${controllerPort}`,
  KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  KAFKA_INTER_BROKER_LISTENER_NAME: 'INSIDE',
  KAFKA_LISTENERS: `CLIENT://:9092,INSIDE://localhost:${insidePort},CONTROLLER://localhost:${controllerPort}`,
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CLIENT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_NUM_PARTITIONS: '4',
  KAFKA_HEAP_OPTS: '-Xms192m -Xmx384m',
}

/** Clients are sent to the address that the broker advertises, so that it has to know its published port before it starts. */
export const kafka: ServerKind = {
  id: 'kafka',
  name: 'Apache Kafka',
  image: `apache/kafka:${version}`,
  recipe: { folder: 'kafka' },
  port: 9092,
  urlVariable: 'WAYBILL_TEST_KAFKA_URL',
  environment: settings,
  environmentAt: (host, port) => ({
    KAFKA_ADVERTISED_LISTENERS: `CLIENT://${host}:${port},INSIDE://localhost:${insidePort}`,
  }),
  command: [],
  url: (host, port) => `kafka://${host}:${port}`,
  client: kafkaClient(version),
}
