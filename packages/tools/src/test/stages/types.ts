import { globSync } from 'node:fs'
import { runCommand } from '../../command.ts'
import { localBinary, workspaceRoot } from '../../workspace.ts'
import { type Stage, singleCheck, total } from '../stage.ts'

/**
 * The workspace's sources with their type tests; our own scripts, some of them JavaScript with types in comments; what
 * makes the site; examples, each a program of its own as users write them.
 */
const projects = [
  'tsconfig.json',
  'packages/tools/tsconfig.json',
  'docs/tsconfig.json',
  ...globSync('examples/*/tsconfig.json', { cwd: workspaceRoot }),
]

export const types: Stage = {
  name: 'types',
  title: 'types of all packages, and type tests',
  run: async (progress) => {
    const runs = projects.map((project) => runCommand(localBinary('tsc'), ['-p', project], { onLine: progress }))
    return total((await Promise.all(runs)).map(({ ok, output }) => singleCheck(ok, output)))
  },
}
