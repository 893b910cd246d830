import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's top folder. */
export const workspaceRoot: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')

/** The command of a tool that the workspace itself has installed. */
export function localBinary(name: string): string {
  return join(workspaceRoot, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)
}
