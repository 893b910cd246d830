import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runCommand } from '../../command.ts'
import { workspaceRoot } from '../../workspace.ts'
import { type Stage, type StageResult, singleCheck, total } from '../stage.ts'

/** What an example's example.json says about itself. Those that are services, on servers, have tests of their own instead. */
interface Example {
  /** Run in the example's folder, by a shell. */
  readonly command: string
  readonly timeoutSeconds: number
  /** A regular expression, multi-line, that the standard output matches. */
  readonly expectedOutput: string
}

export const examples: Stage = {
  name: 'examples',
  title: 'examples that are programs run and print what they promise',
  run: async (progress) => {
    const folders = globSync('examples/*/example.json', { cwd: workspaceRoot }).map(dirname).toSorted()
    const results: StageResult[] = []
    for (const folder of folders) results.push(await runExample(join(workspaceRoot, folder), progress))
    return total(results)
  },
}

async function runExample(folder: string, progress: (line: string) => void): Promise<StageResult> {
  const example = JSON.parse(readFileSync(join(folder, 'example.json'), 'utf8')) as Example
  const { file, args } =
    process.platform === 'win32' ? { file: 'cmd.exe', args: ['/d', '/s', '/c'] } : { file: 'sh', args: ['-c'] }
  const options = { cwd: folder, timeoutMs: example.timeoutSeconds * 1000, onLine: progress }
  const { ok, stdout, output } = await runCommand(file, [...args, example.command], options)
  if (!ok) return singleCheck(false, `${folder}: ${example.command} failed\n${output}`)
  const matches = new RegExp(example.expectedOutput, 'm').test(stdout)
  return singleCheck(matches, `${folder}: the output does not match ${example.expectedOutput}\n${output}`)
}
