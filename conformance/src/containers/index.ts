import { certifiedName, makeCertificate } from './servers/certificate.ts'
import { kafka } from './servers/kafka.ts'
import { clusterOf, type KafkaCluster, kafkaCluster } from './servers/kafka-cluster.ts'
import { addScramUser, kafkaAccount, kafkaSecure, printCertificate } from './servers/kafka-secure.ts'
import { mariadb } from './servers/mariadb.ts'
import { mysql } from './servers/mysql.ts'
import { nats } from './servers/nats.ts'
import { givenPgBouncer, type PgBouncerOptions, pgBouncer } from './servers/pgbouncer.ts'
import { postgres } from './servers/postgres.ts'
import { rabbitmq, rabbitmqSecure } from './servers/rabbitmq.ts'
import { redis, redisAccount, redisSecure } from './servers/redis.ts'
import type { OwnServer, Server, Unavailable } from './servers/server.ts'
import { type StartOptions, sharedServer, startOwn } from './servers/start.ts'

export { onServer } from './on-server.ts'
export type { KafkaCluster } from './servers/kafka-cluster.ts'
export type { PgBouncerOptions } from './servers/pgbouncer.ts'
export type { Database, OwnServer, Server, Unavailable } from './servers/server.ts'
export type { StartOptions } from './servers/start.ts'

/** The PostgreSQL that all test files of this run share; each test makes a database of its own on it. */
export function sharedPostgres(): Promise<Server | Unavailable> {
  return sharedServer(postgres)
}

/** The MySQL that all test files of this run share. */
export function sharedMysql(): Promise<Server | Unavailable> {
  return sharedServer(mysql)
}

/** The MariaDB that all test files of this run share. */
export function sharedMariadb(): Promise<Server | Unavailable> {
  return sharedServer(mariadb)
}

/** The Kafka that all test files of this run share; it has no databases, each test makes topics of its own. */
export function sharedKafka(): Promise<Server | Unavailable> {
  return sharedServer(kafka)
}

/** The PgBouncer in transaction mode that all test files of this run share, before the PostgreSQL that they share. */
export async function sharedPgBouncer(): Promise<Server | Unavailable> {
  if (process.env[givenPgBouncer.urlVariable] !== undefined) return await sharedServer(givenPgBouncer)
  const upstream = await sharedPostgres()
  if (!upstream.available) return { ...upstream, name: givenPgBouncer.name }
  return await sharedServer(pgBouncer({ upstream }))
}

/** A PostgreSQL for the caller alone, for tests that kill, restart or pause it; the caller stops it. */
export function startPostgres(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(postgres, options)
}

/** A MySQL for the caller alone. */
export function startMysql(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(mysql, options)
}

/** A MariaDB for the caller alone. */
export function startMariadb(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(mariadb, options)
}

/** A PgBouncer for the caller alone, by default in transaction mode, before a PostgreSQL that runs already. */
export function startPgBouncer(options: PgBouncerOptions): Promise<OwnServer | Unavailable> {
  return startOwn(pgBouncer(options))
}

/** A Kafka for the caller alone. */
export function startKafka(): Promise<OwnServer | Unavailable> {
  return startOwn(kafka)
}

/** A Kafka that is reached by TLS and with a password. */
export interface SecureKafka extends OwnServer {
  /** PEM of what clients have to trust. */
  readonly certificate: string
  readonly account: typeof kafkaAccount
}

/** A Kafka for the caller alone that clients reach by TLS and SASL, of every mechanism with a password. */
export async function startSecureKafka(): Promise<SecureKafka | Unavailable> {
  const server = await startOwn(kafkaSecure)
  if (!server.available) return server
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) await succeed(server, addScramUser(mechanism))
  return { ...server, certificate: await succeed(server, printCertificate), account: kafkaAccount }
}

/** Two Kafka brokers for the caller alone, between which leaders can be moved. */
export async function startKafkaCluster(): Promise<KafkaCluster | Unavailable> {
  const server = await startOwn(kafkaCluster)
  return server.available ? clusterOf(server) : server
}

async function succeed(server: OwnServer, command: readonly string[]): Promise<string> {
  const { exitCode, output } = await server.exec(command)
  if (exitCode !== 0) throw new Error(`${command[0]} failed: ${output}`)
  return output
}

/** The Redis that all test files of this run share; each test has streams with names of its own on it. */
export function sharedRedis(): Promise<Server | Unavailable> {
  return sharedServer(redis)
}

/** A Redis for the caller alone. */
export function startRedis(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(redis, options)
}

/** The RabbitMQ that all test files of this run share; each test has exchanges and queues with names of its own on it. */
export function sharedRabbitmq(): Promise<Server | Unavailable> {
  return sharedServer(rabbitmq)
}

/** A RabbitMQ for the caller alone. */
export function startRabbitmq(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(rabbitmq, options)
}

/** What a client needs to trust a server: its certificate as PEM, and the name that it is for, whatever the server's address. */
export interface Trust {
  readonly ca: string
  readonly servername: string
}

/** A Redis with TLS and a user who may read and write the streams whose names begin with `account.prefix`. */
export async function startSecureRedis(): Promise<
  (OwnServer & { readonly tls: Trust; readonly account: typeof redisAccount }) | Unavailable
> {
  const certificate = makeCertificate()
  const server = await startOwn(redisSecure(certificate))
  const tls = { ca: certificate.certificate, servername: certifiedName }
  return server.available ? { ...server, tls, account: redisAccount } : server
}

/** A RabbitMQ with TLS. */
export async function startSecureRabbitmq(): Promise<(OwnServer & { readonly tls: Trust }) | Unavailable> {
  const certificate = makeCertificate()
  const server = await startOwn(rabbitmqSecure(certificate))
  return server.available ? { ...server, tls: { ca: certificate.certificate, servername: certifiedName } } : server
}

/** The NATS with JetStream that all test files of this run share; each test has streams with names of its own on it. */
export function sharedNats(): Promise<Server | Unavailable> {
  return sharedServer(nats)
}

/** A NATS with JetStream for the caller alone. */
export function startNats(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(nats, options)
}
