import { runCommand } from '../command.ts'
import { type StageResult, singleCheck } from '../test/stage.ts'

/** Does what the first tutorial says, word for word, in an empty folder: its `npm install` gets what was packed. */
export async function tryTutorial(registry: string, progress: (line: string) => void): Promise<StageResult> {
  progress('following the tutorial')
  const args = ['--conditions=@waybill/source', 'docs/site/main.ts', 'tutorial']
  const { ok, output } = await runCommand(process.execPath, args, { env: { npm_config_registry: registry } })
  return singleCheck(ok, `the tutorial cannot be followed\n${output}`)
}
