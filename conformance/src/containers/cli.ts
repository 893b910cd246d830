import { parseArgs } from 'node:util'
import { ensureEngine } from './engine/engine.ts'
import { say } from './progress.ts'
import { keptRun } from './runs/run.ts'
import { removeRun } from './runs/sweep.ts'
import type { ServerKind } from './servers/kind.ts'
import { mariadb } from './servers/mariadb.ts'
import { mysql } from './servers/mysql.ts'
import { postgres } from './servers/postgres.ts'
import { sharedServer } from './servers/start.ts'

const kinds: readonly ServerKind[] = [postgres, mysql, mariadb]
const usage = `usage: cli.ts start <${kinds.map((kind) => kind.id).join('|')}> | stop`

/** A program: `start postgres` prints the URL of a server that stays until `stop` removes all that were started so. */
const { positionals } = parseArgs({ allowPositionals: true })
const [action, id] = positionals
const kind = kinds.find((one) => one.id === id)

if (action === 'start' && kind !== undefined) {
  const server = await sharedServer(kind, keptRun)
  if (server.available) {
    say(`${server.name} ${server.version} (${server.origin})`)
    process.stdout.write(`${server.url}\n`)
  } else {
    say(`${server.name} is not available: ${server.reason}`)
    process.exitCode = 1
  }
} else if (action === 'stop') {
  say(`removed ${await removeRun(await ensureEngine(), keptRun)} containers`)
} else {
  say(usage)
  process.exitCode = 1
}
