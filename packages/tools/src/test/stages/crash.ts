import { runCommand } from '../../command.ts'
import { type Stage, type StageResult, singleCheck, total } from '../stage.ts'

/** Long enough that processes are killed and frozen in the middle of their work, and short enough for every run of the tests. */
const sizes = {
  log: { messages: 800, kills: 5, relays: 3 },
  server: { messages: 600, kills: 3, relays: 3, consumers: 2, 'broker-restarts': 1 },
} as const

interface Combination {
  readonly storage: string
  readonly broker: string
}

const withoutServers: readonly Combination[] = [{ storage: 'sqlite', broker: 'log' }]
const onServers: readonly Combination[] = [
  { storage: 'postgres', broker: 'log' },
  { storage: 'mysql', broker: 'log' },
  { storage: 'mariadb', broker: 'log' },
  { storage: 'postgres', broker: 'kafka' },
  { storage: 'mysql', broker: 'rabbitmq' },
  { storage: 'sqlite', broker: 'redis-streams' },
]

const notAsked: StageResult = {
  passed: 0,
  failed: 0,
  skipped: [
    {
      name: 'crash runs on PostgreSQL, MySQL and MariaDB, with Kafka, RabbitMQ and Redis',
      reason: 'WAYBILL_TEST_SERVERS=0 says so',
    },
  ],
  output: '',
}

/** One check a combination: a short run of the crash runner. */
export const crash: Stage = {
  name: 'crash',
  title: 'relays, consumers and brokers are killed and frozen under producers',
  run: async (progress) => {
    const servers = process.env['WAYBILL_TEST_SERVERS'] !== '0'
    const results: StageResult[] = []
    for (const combination of [...withoutServers, ...(servers ? onServers : [])]) {
      results.push(await runOn(combination, progress))
    }
    return total(servers ? results : [...results, notAsked])
  },
}

type Printed =
  | {
      readonly server: string
      readonly brokerServer: string
      readonly seed: number
      readonly kills: number
      readonly duplicates: number
      readonly effects: number | null
    }
  | { readonly storage: string; readonly broker: string; readonly unavailable: string }

async function runOn({ storage, broker }: Combination, progress: (line: string) => void): Promise<StageResult> {
  const size = { storage, broker, ...sizes[broker === 'log' ? 'log' : 'server'] }
  const program = ['--conditions=@waybill/source', 'packages/crash/src/main.ts', '--json']
  const args = [...program, ...Object.entries(size).flatMap(([name, value]) => [`--${name}`, String(value)])]
  const { ok, stdout, output } = await runCommand(process.execPath, args, { onLine: progress })
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) return singleCheck(false, `${output}\nthe crash run ended without its JSON line`)
  const printed: Printed = JSON.parse(last)
  if ('unavailable' in printed) {
    return {
      ...singleCheck(true, ''),
      passed: 0,
      skipped: [{ name: `crash run on ${storage} with ${broker}`, reason: printed.unavailable }],
    }
  }
  const { server, brokerServer, seed, kills, duplicates, effects } = printed
  const where = broker === 'log' ? server : `${server} with ${brokerServer}`
  const effected = effects === null ? '' : `, ${effects} effects`
  const note = `crash run on ${where}: ${kills} processes killed, ${duplicates} duplicates${effected}, seed ${seed}`
  return { ...singleCheck(ok, output), notes: ok ? [note] : [] }
}
