import { mkdir } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { say } from './progress.ts'

const patienceMs = 1_200_000
const lookEveryMs = 100
const tellAfterMs = 5000
/** A holder that has not touched its lock for so long is dead. */
const staleMs = 20_000

/** Who waits inside this process, by name: only the first of them contends with other processes. */
const queues = new Map<string, Promise<unknown>>()

/**
 * Runs work while nobody else of this user on this machine, in this process or another, runs work under the same name. A
 * lock whose holder died is taken over.
 */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(name) ?? Promise.resolve()
  const mine = before.then(() => locked(name, work))
  queues.set(
    name,
    mine.catch(() => undefined),
  )
  return await mine
}

async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const release = await acquire(join(await stateFolder(), name), name)
  try {
    return await work()
  } finally {
    await release()
  }
}

/** Where processes of this user leave locks and marks for each other. */
export async function stateFolder(): Promise<string> {
  const folder = join(tmpdir(), `waybill-servers-${userInfo().username}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}

async function acquire(path: string, name: string): Promise<() => Promise<void>> {
  const started = performance.now()
  for (let told = false; ; ) {
    try {
      return await lock(path, { realpath: false, stale: staleMs, update: staleMs / 4 })
    } catch (error) {
      const waitedMs = performance.now() - started
      const isHeld = error instanceof Error && 'code' in error && error.code === 'ELOCKED'
      if (!isHeld || waitedMs > patienceMs) throw error
      if (!told && waitedMs > tellAfterMs) {
        say(`another process is at it (${name}); waiting for it`)
        told = true
      }
      await pass(lookEveryMs)
    }
  }
}
