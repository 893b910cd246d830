import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kafka } from '../../src/containers/servers/kafka.ts'
import type { ServerKind } from '../../src/containers/servers/kind.ts'
import { mariadb } from '../../src/containers/servers/mariadb.ts'
import { mysql } from '../../src/containers/servers/mysql.ts'
import { nats } from '../../src/containers/servers/nats.ts'
import { givenPgBouncer } from '../../src/containers/servers/pgbouncer.ts'
import { postgres } from '../../src/containers/servers/postgres.ts'
import { rabbitmq } from '../../src/containers/servers/rabbitmq.ts'
import { redis } from '../../src/containers/servers/redis.ts'

const compose = readFileSync(new URL('../../../compose.yaml', import.meta.url), 'utf8')

/** The lines of one service. */
function serviceOf({ id }: ServerKind): string {
  const [, lines] = new RegExp(`^  ${id}:\\n((?:    .*\\n|\\n)+)`, 'm').exec(compose) ?? []
  // Where a list stands depends on its length.
  return lines?.replaceAll(/:\n +\[/g, ': [') ?? ''
}

describe.each([postgres, givenPgBouncer, mysql, mariadb, redis, rabbitmq, kafka, nats])(
  'compose.yaml and the tests agree: $name',
  (kind) => {
    it('on image, arguments and environment', () => {
      const service = serviceOf(kind)
      expect(service).toContain(`image: ${kind.image}\n`)
      expect(service).toContain(kind.command.length > 0 ? `command: [${kind.command.join(', ')}]` : '')
      // What would be a number or a truth value stands in quotes.
      const unquoted = service.replaceAll('"', '')
      for (const [name, value] of Object.entries(kind.environment)) expect(unquoted).toContain(`${name}: ${value}\n`)
      expect(service).toContain(kind.recipe.officialBase === undefined ? '' : `BASE: ${kind.recipe.officialBase}\n`)
    })

    it('on the URL that its head gives', () => {
      const [, published] = new RegExp(`"127.0.0.1:(\\d+):${kind.port}"`).exec(serviceOf(kind)) ?? []
      const url = (kind === givenPgBouncer ? postgres : kind).url('127.0.0.1', Number(published))
      expect(compose).toContain(`#   ${kind.urlVariable}=${url}\n`)
    })
  },
)
