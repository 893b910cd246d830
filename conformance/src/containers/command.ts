import { type ExecFileException, execFile } from 'node:child_process'

export interface CommandOutcome {
  readonly ok: boolean
  readonly stdout: string
  /** Standard output, standard error and, if it could not start or was stopped, why. */
  readonly output: string
}

export interface CommandSettings {
  /** Variables beside the process's own. */
  readonly env?: Readonly<Record<string, string>>
  /** @default 900_000 */
  readonly timeoutMs?: number
}

const largestOutputBytes = 64 * 1024 * 1024

/** Runs a program to its end. Never rejects: what cannot start is an outcome that is not ok. */
export function command(
  file: string,
  args: readonly string[],
  settings: CommandSettings = {},
): Promise<CommandOutcome> {
  const options = {
    env: { ...process.env, ...settings.env },
    timeout: settings.timeoutMs ?? 900_000,
    maxBuffer: largestOutputBytes,
  }
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, stdout, output: `${stdout}${stderr}${whyWithoutExitCode(error, options.timeout)}` })
    })
  })
}

/** Empty for a program that ended by itself. */
function whyWithoutExitCode(error: ExecFileException | null, timeoutMs: number): string {
  if (error === null || typeof error.code === 'number') return ''
  return error.killed === true ? `stopped after ${timeoutMs} ms\n` : `${error.message}\n`
}

/** The end of a program's output, for people. */
export function tail(output: string, lines = 12): string {
  return output.trimEnd().split('\n').slice(-lines).join('\n')
}

/** The one line of a program's output that says why it failed: of apt and debootstrap the first error, else the last line. */
export function causeIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim())
  return lines.find((line) => /^E: /.test(line)) ?? lines.findLast((line) => line !== '') ?? 'it said nothing'
}
