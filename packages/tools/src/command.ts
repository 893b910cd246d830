import { spawn } from 'node:child_process'
import { workspaceRoot } from './workspace.ts'

/** How a command ended. */
export interface CommandResult {
  /** Exit code 0, and in time. */
  readonly ok: boolean
  /** Standard output alone. */
  readonly stdout: string
  /** Standard output and standard error as they came, and a last line when the command was stopped. */
  readonly output: string
}

/** How to run a command. */
export interface CommandOptions {
  /** @default the checkout's top folder */
  readonly cwd?: string
  /** Variables beside the process's own; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** After this time the command and whatever it started are killed. @default 900_000 */
  readonly timeoutMs?: number
  /** Gets every line as it comes, for progress. */
  readonly onLine?: (line: string) => void
}

/** Process groups that still run, killed when we exit. */
const running = new Set<number>()
process.on('exit', () => running.forEach(killGroup))

/** Runs a command to its end with its output captured. Never rejects: what cannot start is a result that is not ok. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd = workspaceRoot, env, timeoutMs = 900_000, onLine } = options
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    shell: process.platform === 'win32' && file.endsWith('.cmd'),
  })
  const everything: string[] = []
  const stdout: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text))
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      everything.push(text)
      for (const line of text.split('\n')) if (line.trim() !== '') onLine?.(line.trim())
    })
  }
  return new Promise((resolve) => {
    if (child.pid !== undefined) running.add(child.pid)
    const timer = setTimeout(() => {
      everything.push(`\nstopped: it ran for more than ${timeoutMs / 1000} s\n`)
      if (child.pid !== undefined) killGroup(child.pid)
    }, timeoutMs)
    child.on('error', (error) => everything.push(`${error.message}\n`))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (signal !== null) everything.push(`\nended by ${signal}\n`)
      if (child.pid !== undefined) running.delete(child.pid)
      resolve({ ok: code === 0, stdout: stdout.join(''), output: everything.join('') })
    })
  })
}

/** A command of ours is the leader of its own process group (not on Windows), so that its children go with it. */
function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
