import { parseArgs } from 'node:util'
import { findEngine } from './engine/engine.ts'
import {
  sharedKafka,
  sharedMariadb,
  sharedMysql,
  sharedNats,
  sharedPgBouncer,
  sharedPostgres,
  sharedRabbitmq,
  sharedRedis,
} from './index.ts'
import { prepare } from './prepare.ts'
import { say } from './progress.ts'
import { keptRun, runVariable } from './runs/run.ts'
import { removeRun } from './runs/sweep.ts'

const servers = {
  postgres: sharedPostgres,
  pgbouncer: sharedPgBouncer,
  mysql: sharedMysql,
  mariadb: sharedMariadb,
  redis: sharedRedis,
  rabbitmq: sharedRabbitmq,
  kafka: sharedKafka,
  nats: sharedNats,
}

const usage = `usage:
  cli.ts start <${Object.keys(servers).join('|')}>   prints the URL of a server that stays
  cli.ts stop                                        removes the servers that were started so
  cli.ts prepare --owner <process number>            starts all for a run of tests; they go when the process ends`

const { positionals, values } = parseArgs({ allowPositionals: true, options: { owner: { type: 'string' } } })
process.exitCode = await main(positionals[0], positionals[1])

async function main(action: string | undefined, kind: string | undefined): Promise<number> {
  if (action === 'start' && kind !== undefined && kind in servers)
    return await start(servers[kind as keyof typeof servers])
  if (action === 'stop') return await stop()
  if (action === 'prepare' && values.owner !== undefined) {
    process.stdout.write(`${JSON.stringify(await prepare(Number(values.owner)))}\n`)
    return 0
  }
  say(usage)
  return 1
}

async function start(find: typeof sharedPostgres): Promise<number> {
  process.env[runVariable] = keptRun
  const server = await find()
  if (!server.available) {
    say(`${server.name} is not available: ${server.reason}`)
    return 1
  }
  say(`${server.name} ${server.version} (${server.origin})`)
  process.stdout.write(`${server.url}\n`)
  return 0
}

async function stop(): Promise<number> {
  const engine = await findEngine()
  say(`removed ${engine === undefined ? 0 : await removeRun(engine, keptRun)} containers`)
  return 0
}
