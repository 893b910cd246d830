import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { withDirectory } from './directory.ts'
import { median } from './statistics.ts'

/** What the figures depend on besides the code. */
export interface BenchEnvironment {
  readonly node: string
  readonly sqlite: string
  readonly betterSqlite3: string
  readonly platform: string
  readonly cpu: string
  readonly cpus: number
  readonly memoryGigabytes: number
  /** Median time of a durable write of one page, where the databases of the benchmarks lie. */
  readonly syncMicroseconds: number
}

export function readEnvironment(): BenchEnvironment {
  const database = new BetterSqlite3(':memory:')
  const sqlite = String(database.prepare('select sqlite_version()').pluck().get())
  database.close()
  const manifest = new URL('../../node_modules/better-sqlite3/package.json', import.meta.url)
  return {
    node: process.version,
    sqlite,
    betterSqlite3: String(JSON.parse(readFileSync(manifest, 'utf8')).version),
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    syncMicroseconds: Math.round(syncMicroseconds()),
  }
}

function syncMicroseconds(): number {
  return withDirectory((directory) => {
    const file = openSync(join(directory, 'sync'), 'w')
    const page = new Uint8Array(4096)
    const times = Array.from({ length: 50 }, (_, index) => {
      const startedAt = performance.now()
      writeSync(file, page, 0, page.length, index * page.length)
      fdatasyncSync(file)
      return (performance.now() - startedAt) * 1000
    })
    closeSync(file)
    return median(times)
  })
}
