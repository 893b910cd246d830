import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stateFolder } from '../lock.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { currentRun, isAlive, keptRun } from './run.ts'

/**
 * Runs work that makes something available. If that failed before in this run, in whatever process, it fails at once with
 * the same reason: what takes long to fail, as a registry that does not answer, would otherwise do so for every test file.
 */
export async function failingOnce<T>(name: string, work: () => Promise<T>): Promise<T> {
  const run = currentRun()
  const file = join(await stateFolder(), `failed-${run}-${name}`)
  const reason = await read(file)
  if (reason !== undefined) throw new ServerUnavailableError(reason)
  try {
    return await work()
  } catch (error) {
    if (error instanceof ServerUnavailableError && run !== keptRun) await writeFile(file, error.message)
    throw error
  }
}

/** Removes what runs that have ended left in the state folder. */
export async function forgetEndedRuns(): Promise<void> {
  const folder = await stateFolder()
  for (const name of await readdir(folder)) {
    const [, run] = /^(?:failed|watched)-(\d+\.\d*\.\w+)/.exec(name) ?? []
    if (run !== undefined && !isAlive(run)) await rm(join(folder, name), { force: true })
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
