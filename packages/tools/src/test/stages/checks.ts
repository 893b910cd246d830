import { runCommand } from '../../command.ts'
import { localBinary } from '../../workspace.ts'
import { type Stage, singleCheck, total } from '../stage.ts'

/** A stage that is one command, which says by its exit code whether all is well. */
function commandStage(name: string, title: string, file: string, args: readonly string[]): Stage {
  return {
    name,
    title,
    run: async (progress) => {
      const { ok, output } = await runCommand(file, args, { onLine: progress })
      return singleCheck(ok, output)
    },
  }
}

export const lint: Stage = commandStage('lint', 'format, lint, dependency rules, budgets', localBinary('biome'), [
  'check',
  '--error-on-warnings',
])

export const knip: Stage = commandStage('knip', 'unused files, exports and dependencies', localBinary('knip'), [])

const fromSources = '--conditions=@waybill/source'

export const generated: Stage = {
  name: 'generated',
  title: 'generated files are up to date',
  run: async (progress) => {
    const programs = ['conformance/src/spec/generate.ts', 'packages/tools/src/results/main.ts']
    const checks = await Promise.all(
      programs.map(async (program) => {
        const args = [fromSources, program, '--check']
        const { ok, output } = await runCommand(process.execPath, args, { onLine: progress })
        return singleCheck(ok, output)
      }),
    )
    return total(checks)
  },
}
