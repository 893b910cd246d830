import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stateFolder } from '../lock.ts'
import { forgetEndedRuns } from './failures.ts'
import { keptRun } from './run.ts'

/**
 * Makes sure that a process outside the run watches it and removes its containers when it ends, also when it is killed.
 * The reaper of testcontainers does that too, but follows each process by itself, and ours share containers.
 */
export async function watch(run: string): Promise<void> {
  if (run === keptRun || !(await isFirst(run))) return
  await forgetEndedRuns()
  const file = fileURLToPath(new URL('watcher.ts', import.meta.url))
  const watcher = spawn(process.execPath, [file, run], { detached: true, stdio: 'ignore' })
  watcher.unref()
}

/** Whether the run has used containers. */
export async function isWatched(run: string): Promise<boolean> {
  return existsSync(await markOf(run))
}

/** The watcher's last act. */
export async function endWatch(run: string): Promise<void> {
  await rm(await markOf(run), { force: true })
}

async function isFirst(run: string): Promise<boolean> {
  try {
    await (await open(await markOf(run), 'wx')).close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function markOf(run: string): Promise<string> {
  return join(await stateFolder(), `watched-${run}`)
}
