import { runCommand } from '../../command.ts'
import { type Stage, singleCheck } from '../stage.ts'

const schedules = 10_000

export const simulation: Stage = {
  name: 'simulation',
  title: `${schedules} random schedules of the real relay, storages and consumer`,
  run: async (progress) => {
    const program = ['--conditions=@waybill/source', 'packages/simulation/src/main.ts']
    const args = [...program, '--schedules', String(schedules), '--json']
    const { ok, stdout, output } = await runCommand(process.execPath, args, { onLine: progress })
    const last = stdout.trimEnd().split('\n').at(-1) ?? ''
    if (!last.startsWith('{')) return singleCheck(false, `${output}\nthe simulation ended without its JSON line`)
    const { passed, failed } = JSON.parse(last) as { passed: number; failed: number }
    if (!(passed + failed >= schedules)) return singleCheck(false, `${output}\nfewer than ${schedules} schedules ran`)
    if (ok !== (failed === 0))
      return singleCheck(false, `${output}\nthe simulation's exit code and its totals disagree`)
    return { passed, failed, skipped: [], output }
  },
}
