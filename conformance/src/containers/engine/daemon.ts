import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { causeIn, command } from '../command.ts'
import { stateFolder } from '../lock.ts'
import { ServerUnavailableError } from '../unavailable.ts'

const patienceMs = 90_000
const lookEveryMs = 200

/** Starts the installed Docker engine and waits until `answers`. It is left running, for the next run to find. */
export async function startDaemon(answers: () => Promise<boolean>): Promise<void> {
  const underSystemd = existsSync('/run/systemd/system')
  const end = underSystemd ? await startService() : await startDetached()
  const giveUpAt = performance.now() + patienceMs
  while (!(await answers())) {
    const why = await end()
    if (why !== undefined) throw new ServerUnavailableError(`the Docker engine did not start: ${why}`)
    if (performance.now() > giveUpAt) {
      throw new ServerUnavailableError(`the Docker engine did not answer within ${patienceMs / 1000} s`)
    }
    await pass(lookEveryMs)
  }
}

/** Answers how to learn that starting has failed. */
type StartFailure = () => Promise<string | undefined>

async function startService(): Promise<StartFailure> {
  const { ok, output } = await command('systemctl', ['start', 'docker'])
  return async () => (ok ? undefined : causeIn(output))
}

async function startDetached(): Promise<StartFailure> {
  const file = join(await stateFolder(), 'dockerd.log')
  const log = await open(file, 'w')
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', log.fd, log.fd], env })
  let failure: string | undefined
  daemon.on('error', (error) => {
    failure = error.message
  })
  daemon.unref()
  await log.close()
  return async () => {
    if (failure !== undefined) return failure
    const ended = daemon.exitCode !== null || daemon.signalCode !== null
    return ended ? causeIn(await readFile(file, 'utf8')) : undefined
  }
}
