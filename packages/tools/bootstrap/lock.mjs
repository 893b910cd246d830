import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { BootstrapFailure } from './failure.mjs'

const defaults = {
  heartbeatMs: 5_000,
  staleMs: 60_000,
  pollMs: 200,
  patienceMs: 600_000,
  onWait: () => console.error('waybill: another run is setting this checkout up; waiting for it'),
}

/**
 * Runs work while this process alone holds the lock, a folder: creating one is atomic on every file system. The holder
 * touches it regularly; a lock whose process is gone, or which nobody has touched for staleMs, is taken away.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {Partial<typeof defaults>} [options]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, options = {}) {
  const { heartbeatMs, ...waiting } = { ...defaults, ...options }
  const token = randomUUID()
  await acquire(path, token, waiting)
  const heartbeat = setInterval(() => touch(path, token), heartbeatMs)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    if (ownerOf(path)?.token === token) rmSync(path, { recursive: true, force: true })
  }
}

/**
 * @param {string} path
 * @param {string} token
 * @param {Omit<typeof defaults, 'heartbeatMs'>} waiting
 */
async function acquire(path, token, { staleMs, pollMs, patienceMs, onWait }) {
  const giveUpAt = Date.now() + patienceMs
  let told = false
  mkdirSync(dirname(path), { recursive: true })
  while (!tryMakeFolder(path)) {
    if (isStale(path, staleMs)) {
      breakLock(path, staleMs)
      continue
    }
    if (Date.now() > giveUpAt) {
      throw new BootstrapFailure(
        `another run has been setting this checkout up for ${Math.round(patienceMs / 60_000)} minutes`,
        [`If there is none, delete ${path} and run the command again.`],
      )
    }
    if (!told) onWait()
    told = true
    await delay(pollMs)
  }
  writeFileSync(join(path, 'owner.json'), JSON.stringify({ token, pid: process.pid, host: hostname() }))
}

/**
 * Takes a stale lock away. Those who want to do so exclude each other by a second folder, or a slow one could take away
 * the lock that a quick one has just made.
 * @param {string} path
 * @param {number} staleMs
 */
function breakLock(path, staleMs) {
  const breaking = `${path}.breaking`
  if (!tryMakeFolder(breaking)) {
    if (ageMs(breaking) > staleMs) rmdirSync(breaking)
    return
  }
  try {
    if (isStale(path, staleMs)) rmSync(path, { recursive: true, force: true })
  } finally {
    rmdirSync(breaking)
  }
}

/**
 * @param {string} path
 * @param {number} staleMs
 */
function isStale(path, staleMs) {
  const owner = ownerOf(path)
  if (owner !== undefined && owner.host === hostname() && !isAlive(owner.pid)) return true
  return ageMs(path) > staleMs
}

/**
 * @param {string} path
 * @returns {{ token: string, pid: number, host: string } | undefined} undefined while the owner is still writing it
 */
function ownerOf(path) {
  try {
    return JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

/** @param {string} path */
function ageMs(path) {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
}

/**
 * @param {string} path
 * @param {string} token
 */
function touch(path, token) {
  if (ownerOf(path)?.token === token) utimesSync(path, new Date(), new Date())
}

/** @param {string} path */
function tryMakeFolder(path) {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}
