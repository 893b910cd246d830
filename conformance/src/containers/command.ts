import { execFile } from 'node:child_process'

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
      const why = error === null || error.code !== undefined ? '' : `\n${error.message}`
      resolve({ ok: error === null, stdout, output: `${stdout}${stderr}${why}` })
    })
  })
}

/** The end of a program's output, for a message. */
export function tail(output: string, lines = 8): string {
  return output.trimEnd().split('\n').slice(-lines).join('\n')
}
