import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'
import type { KafkaSasl, ResolvedConnection } from '../options.ts'
import type { KafkaClient } from './client.ts'
import { KafkajsGroup } from './kafkajs-group.ts'
import { KafkajsProducer } from './kafkajs-producer.ts'
import { readKafkajsRetention } from './kafkajs-settings.ts'
import type { ProducerTerms } from './open-client.ts'

const keepAliveMs = 60_000
/** While a broker starts, the coordinator of a group is not there for a while. */
const groupRetries = 6
const retryFromMs = 50
/** A broker of the list may be down. */
const connectRetries = 2

/** A client of kafkajs whose connections can be ended for certain: its own `disconnect` may wait for ever (kafkajs#918). */
export interface KafkajsHandle {
  readonly kafka: Kafka
  /** Ends all connections, and makes no new ones. */
  destroy(): void
}

export function kafkajsClient(connection: ResolvedConnection, { compression }: ProducerTerms): KafkaClient {
  return {
    name: 'kafkajs',
    openProducer: (timeoutMs) =>
      new KafkajsProducer(
        openKafkajs(connection, Math.max(connectRetries, connection.brokers.length)),
        compression,
        timeoutMs,
      ),
    joinGroup: async (terms, listener) =>
      await KafkajsGroup.join(openKafkajs(connection, groupRetries), terms, listener),
    readRetention: async (topics) => await readKafkajsRetention(openKafkajs(connection, connectRetries), topics),
  }
}

/** @param retries - Of connecting and of asking who leads. Producing has none: that is where kafkajs loses, repeats and reorders. */
function openKafkajs(connection: ResolvedConnection, retries: number): KafkajsHandle {
  const sockets = new Set<Socket>()
  let destroyed = false
  const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const socket = ssl
      ? connectTls({ host, port, ...(/^[\d.:[\]]+$/.test(host) ? {} : { servername: host }), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect)
    socket.setKeepAlive(true, keepAliveMs)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (destroyed) end(socket)
    return socket
  }
  const { brokers, clientId, tls, sasl, connectTimeoutMs } = connection
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ssl: tls,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    // What it logs stands in errors, too.
    logLevel: logLevel.NOTHING,
    retry: { retries, initialRetryTime: retryFromMs },
    socketFactory,
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
  }
  return {
    kafka: new Kafka(config),
    destroy() {
      destroyed = true
      for (const socket of sockets) end(socket)
    },
  }
}

/** By an error: kafkajs does not hear of a mere close, and its timers for that connection would keep the process alive. */
function end(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.destroy(new Error('The client was closed'))
}

function saslOf(sasl: KafkaSasl): SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return sasl
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await sasl.token() }) }
}
