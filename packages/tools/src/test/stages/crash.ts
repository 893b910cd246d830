import { runCommand } from '../../command.ts'
import { type Stage, type StageResult, singleCheck, total } from '../stage.ts'

/** Long enough that relays are killed and frozen in the middle of their work, and short enough for every run of the tests. */
const size = { messages: 800, kills: 5, relays: 3 } as const

const onServers = ['postgres', 'mysql', 'mariadb'] as const

const notAsked: StageResult = {
  passed: 0,
  failed: 0,
  skipped: [
    {
      name: 'crash runs on PostgreSQL, MySQL and MariaDB',
      reason: 'WAYBILL_TEST_SERVERS=0 says so',
    },
  ],
  output: '',
}

/** One check a storage: a short run of the crash runner. */
export const crash: Stage = {
  name: 'crash',
  title: 'relays are killed and frozen under producers, on each storage',
  run: async (progress) => {
    const servers = process.env['WAYBILL_TEST_SERVERS'] !== '0'
    const results: StageResult[] = []
    for (const storage of ['sqlite', ...(servers ? onServers : [])]) results.push(await runOn(storage, progress))
    return total(servers ? results : [...results, notAsked])
  },
}

type Printed =
  | { readonly server: string; readonly seed: number; readonly kills: number; readonly duplicates: number }
  | { readonly storage: string; readonly unavailable: string }

async function runOn(storage: string, progress: (line: string) => void): Promise<StageResult> {
  const program = ['--conditions=@waybill/source', 'packages/crash/src/main.ts', '--json', '--storage', storage]
  const args = [...program, ...Object.entries(size).flatMap(([name, value]) => [`--${name}`, String(value)])]
  const { ok, stdout, output } = await runCommand(process.execPath, args, { onLine: progress })
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) return singleCheck(false, `${output}\nthe crash run ended without its JSON line`)
  const printed: Printed = JSON.parse(last)
  if ('unavailable' in printed) {
    return {
      ...singleCheck(true, ''),
      passed: 0,
      skipped: [{ name: `crash run on ${storage}`, reason: printed.unavailable }],
    }
  }
  const { server, seed, kills, duplicates } = printed
  const note = `crash run on ${server}: ${kills} relays killed, ${duplicates} duplicates, seed ${seed}`
  return { ...singleCheck(ok, output), notes: ok ? [note] : [] }
}
