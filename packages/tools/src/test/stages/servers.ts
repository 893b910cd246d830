import { runCommand } from '../../command.ts'
import { type Stage, type StageResult, singleCheck, total } from '../stage.ts'

/** What the preparation of servers answers, for each. */
type Prepared =
  | { readonly available: true; readonly name: string; readonly version: string; readonly origin: string }
  | { readonly available: false; readonly name: string; readonly reason: string }

const refused: StageResult = {
  passed: 0,
  failed: 0,
  skipped: [
    {
      name: 'tests on databases and brokers that are servers',
      reason: 'WAYBILL_TEST_SERVERS=0 says so',
    },
  ],
  output: '',
}

/** How lines that people must see at once begin. */
const loud = 'waybill: '

/**
 * Starts the servers that the tests of later stages use. They belong to this process, and are removed when it has ended, in
 * whatever way.
 */
export const servers: Stage = {
  name: 'servers',
  title: 'real servers for the tests: databases and brokers',
  run: async (progress, announce) => {
    if (process.env['WAYBILL_TEST_SERVERS'] === '0') return refused
    const program = ['--conditions=@waybill/source', 'conformance/src/containers/cli.ts']
    const args = [...program, 'prepare', '--owner', String(process.pid)]
    const onLine = (line: string): void => (line.startsWith(loud) ? announce(line.slice(loud.length)) : progress(line))
    const { ok, stdout, output } = await runCommand(process.execPath, args, { onLine })
    const last = stdout.trimEnd().split('\n').at(-1) ?? ''
    if (!ok || !last.startsWith('{')) return singleCheck(false, output)
    const { run, servers: prepared } = JSON.parse(last) as { run: string; servers: readonly Prepared[] }
    process.env['WAYBILL_TEST_RUN'] = run
    return total(prepared.map((server) => resultOf(server, process.env['CI'] === 'true')))
  },
}

/** One check a server. One that cannot be had is a skip with its reason, and in continuous integration a failure. */
export function resultOf(server: Prepared, inContinuousIntegration: boolean): StageResult {
  if (server.available) {
    return { ...singleCheck(true, ''), notes: [`tested on ${server.name} ${server.version} (${server.origin})`] }
  }
  const { name, reason } = server
  if (inContinuousIntegration) return singleCheck(false, `${name} is not available: ${reason}`)
  return { passed: 0, failed: 0, skipped: [{ name: `tests on ${name}`, reason }], output: '' }
}
