import { isIP } from 'node:net'
import { kafka } from './kafka.ts'
import { kafkaClient } from './kafka-client.ts'
import type { ServerKind } from './kind.ts'

/** Who may connect, and how the broker's key is kept inside its container. */
export const kafkaAccount = { user: 'waybill', password: 'correct-horse-battery' } as const
const keyStore = { path: '/tmp/server.p12', password: 'only-inside', alias: 'server' } as const

const makeKey = [
  `rm -f ${keyStore.path}`,
  `keytool -genkeypair -alias ${keyStore.alias} -keyalg EC -storetype PKCS12 -keystore ${keyStore.path} ` +
    `-storepass ${keyStore.password} -dname CN=kafka -validity 30 -ext "san=$CERTIFICATE_NAMES"`,
  'exec /etc/kafka/docker/run',
].join(' && ')

/** Prints the broker's certificate, which nobody has signed but itself. */
export const printCertificate: readonly string[] = [
  'keytool',
  '-exportcert',
  '-rfc',
  ...['-alias', keyStore.alias, '-keystore', keyStore.path, '-storepass', keyStore.password],
]

/** Gives the account a password for a SCRAM mechanism, by the tools inside the container. */
export function addScramUser(mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'): readonly string[] {
  const change = ['--alter', '--add-config', `${mechanism}=[password=${kafkaAccount.password}]`]
  const entity = ['--entity-type', 'users', '--entity-name', kafkaAccount.user]
  return ['/opt/kafka/bin/kafka-configs.sh', '--bootstrap-server', 'localhost:19092', ...change, ...entity]
}

const jaas = 'org.apache.kafka.common.security'
const plainUsers = `user_${kafkaAccount.user}="${kafkaAccount.password}"`

/** A Kafka that clients reach by TLS alone, with a certificate of its own, and with a password. */
export const kafkaSecure: ServerKind = {
  ...kafka,
  id: 'kafka-secure',
  name: 'Apache Kafka with TLS and SASL',
  urlVariable: 'WAYBILL_TEST_KAFKA_SECURE_URL',
  environment: {
    ...kafka.environment,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CLIENT:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_SASL_ENABLED_MECHANISMS: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    KAFKA_LISTENER_NAME_CLIENT_PLAIN_SASL_JAAS_CONFIG: `${jaas}.plain.PlainLoginModule required ${plainUsers};`,
    KAFKA_LISTENER_NAME_CLIENT_SCRAM___SHA___256_SASL_JAAS_CONFIG: `${jaas}.scram.ScramLoginModule required;`,
    KAFKA_LISTENER_NAME_CLIENT_SCRAM___SHA___512_SASL_JAAS_CONFIG: `${jaas}.scram.ScramLoginModule required;`,
    KAFKA_SSL_KEYSTORE_TYPE: 'PKCS12',
    KAFKA_SSL_KEYSTORE_LOCATION: keyStore.path,
    KAFKA_SSL_KEYSTORE_PASSWORD: keyStore.password,
    KAFKA_SSL_KEY_PASSWORD: keyStore.password,
  },
  environmentAt: (host, port, morePorts) => ({
    ...kafka.environmentAt?.(host, port, morePorts),
    CERTIFICATE_NAMES: `${isIP(host) === 0 ? 'dns' : 'ip'}:${host}`,
  }),
  command: ['bash', '-c', makeKey],
  client: kafkaClient('4.1.1', kafkaAccount),
}
