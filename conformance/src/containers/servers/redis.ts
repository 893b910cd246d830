import { type Certificate, certifiedName } from './certificate.ts'
import type { ServerKind } from './kind.ts'
import { redisClient } from './redis-client.ts'

const password = 'waybill'

/** What is acknowledged after WAITAOF is on the disk: with `everysec` each of those would wait for up to a second. */
export const redis: ServerKind = {
  id: 'redis',
  name: 'Redis',
  image: 'redis:8',
  recipe: { folder: 'redis' },
  port: 6379,
  urlVariable: 'WAYBILL_TEST_REDIS_URL',
  environment: {},
  command: ['--requirepass', password, '--appendonly', 'yes', '--appendfsync', 'always'],
  url: (host, port) => `redis://:${password}@${host}:${port}`,
  client: redisClient(),
}

const [certificateFile, keyFile] = ['/tmp/server.crt', '/tmp/server.key']

/** The user that may read and write the streams of its own tests, and nothing else. */
export const redisAccount = { username: 'streams', password: 'correct-horse-battery', prefix: 'secure' } as const

const account = [redisAccount.username, 'on', `>${redisAccount.password}`, `~${redisAccount.prefix}*`].join(' ')
const allowed =
  '+eval +info +time +xadd +wait +waitaof +xreadgroup +xautoclaim +xclaim +xpending +xack +xinfo +xgroup +xrange'

/** A Redis that clients reach by TLS alone, and with a user's name. */
export function redisSecure({ certificate, key }: Certificate): ServerKind {
  const settings = `--port 0 --tls-port ${redis.port} --tls-cert-file ${certificateFile} --tls-key-file ${keyFile}`
  const start = [
    `printf %s "$CERTIFICATE" > ${certificateFile} && printf %s "$CERTIFICATE_KEY" > ${keyFile}`,
    `printf 'user %s\n' "$ACCOUNT" > /tmp/redis.conf`,
    `exec redis-server /tmp/redis.conf ${settings} --tls-auth-clients no --protected-mode no ${redis.command.join(' ')}`,
  ]
  return {
    ...redis,
    id: 'redis-secure',
    name: 'Redis with TLS and ACL',
    urlVariable: 'WAYBILL_TEST_REDIS_SECURE_URL',
    environment: { CERTIFICATE: certificate, CERTIFICATE_KEY: key, ACCOUNT: `${account} ${allowed}` },
    command: ['sh', '-c', start.join(' && ')],
    url: (host, port) => `rediss://:${password}@${host}:${port}`,
    client: redisClient({ ca: certificate, servername: certifiedName }),
  }
}
