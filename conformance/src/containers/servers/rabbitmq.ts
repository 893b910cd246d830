import { type Certificate, certifiedName } from './certificate.ts'
import type { ServerKind } from './kind.ts'
import { rabbitmqClient } from './rabbitmq-client.ts'

const [user, password] = ['waybill', 'waybill']

/** With the plugins for management and for consistent hashing. */
export const rabbitmq: ServerKind = {
  id: 'rabbitmq',
  name: 'RabbitMQ',
  image: 'rabbitmq:4-management',
  recipe: { folder: 'rabbitmq' },
  port: 5672,
  urlVariable: 'WAYBILL_TEST_RABBITMQ_URL',
  environment: { RABBITMQ_DEFAULT_USER: user, RABBITMQ_DEFAULT_PASS: password },
  command: [],
  url: (host, port) => `amqp://${user}:${password}@${host}:${port}`,
  client: rabbitmqClient(),
}

const [certificateFile, keyFile] = ['/tmp/server.crt', '/tmp/server.key']

/** A RabbitMQ that clients reach by TLS alone. */
export function rabbitmqSecure({ certificate, key }: Certificate): ServerKind {
  const settings = [
    'listeners.tcp = none',
    'listeners.ssl.default = 5671',
    `ssl_options.cacertfile = ${certificateFile}`,
    `ssl_options.certfile = ${certificateFile}`,
    `ssl_options.keyfile = ${keyFile}`,
    'ssl_options.verify = verify_none',
  ]
  const start = [
    `printf %s "$CERTIFICATE" > ${certificateFile}`,
    `printf %s "$CERTIFICATE_KEY" > ${keyFile}`,
    `printf %s "$SETTINGS" > /etc/rabbitmq/conf.d/20-tls.conf`,
    'exec docker-entrypoint.sh rabbitmq-server',
  ]
  return {
    ...rabbitmq,
    id: 'rabbitmq-secure',
    name: 'RabbitMQ with TLS',
    port: 5671,
    urlVariable: 'WAYBILL_TEST_RABBITMQ_SECURE_URL',
    environment: {
      ...rabbitmq.environment,
      CERTIFICATE: certificate,
      CERTIFICATE_KEY: key,
      SETTINGS: `${settings.join('\n')}\n`,
    },
    command: ['bash', '-c', start.join(' && ')],
    url: (host, port) => `amqps://${user}:${password}@${host}:${port}`,
    client: rabbitmqClient({ ca: certificate, servername: certifiedName }),
  }
}
