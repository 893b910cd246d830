import { benchmarks } from './benchmarks.ts'
import type { Benchmark, Broker, Storage, Suite } from './harness/benchmark.ts'
import { type BenchEnvironment, readEnvironment } from './harness/environment.ts'
import { progressOf } from './harness/progress.ts'
import { renderTable } from './harness/report.ts'
import type { BenchResult } from './harness/result.ts'
import { NoServerError, Servers, type ServerUse } from './servers/servers.ts'

export interface RunOptions {
  readonly suites: readonly Suite[]
  readonly storages: readonly Storage[]
  /** Only benchmarks with one of these. `null`: also those without any. */
  readonly brokers: readonly Broker[] | null
  /** Only benchmarks whose full name has this text. */
  readonly only: string
  readonly rounds: number
  readonly scale: number
  readonly servers: ServerUse
}

export interface BenchReport {
  readonly environment: BenchEnvironment & {
    /** Versions, by name. */
    readonly servers: Readonly<Record<string, string>>
  }
  readonly results: readonly BenchResult[]
  /** What could not be measured here, and why. */
  readonly notRun: readonly { readonly name: string; readonly reason: string }[]
  /** Of those the ones that went wrong. The others are measured all the same: a run may take long. */
  readonly failures: readonly { readonly name: string; readonly error: unknown }[]
}

export async function runBenchmarks(options: RunOptions): Promise<BenchReport> {
  const environment = readEnvironment()
  await using servers = new Servers(options.servers)
  const chosen = benchmarks.filter((benchmark) => isChosen(benchmark, options))
  const results: BenchResult[] = []
  const notRun: BenchReport['notRun'][number][] = []
  const failures: BenchReport['failures'][number][] = []
  for (const [index, benchmark] of chosen.entries()) {
    const name = fullName(benchmark, benchmark.name)
    const progress = progressOf(`[${index + 1}/${chosen.length}] ${name}`)
    try {
      const found = await benchmark.run({ ...options, progress: progress.step, servers })
      const named = found.map((result) => ({ ...result, name: fullName(benchmark, result.name) }))
      results.push(...named)
      progress.end(renderTable(named))
    } catch (error) {
      if (!(error instanceof NoServerError)) failures.push({ name, error })
      notRun.push({ name, reason: error instanceof Error ? error.message : String(error) })
      progress.end('')
    }
  }
  return { environment: { ...environment, servers: await servers.versions() }, results, notRun, failures }
}

function isChosen(benchmark: Benchmark, { suites, storages, brokers, only }: RunOptions): boolean {
  const { suite, storage, broker, name } = benchmark
  if (brokers !== null && (broker === undefined || !brokers.includes(broker))) return false
  return suites.includes(suite) && storages.includes(storage) && fullName(benchmark, name).includes(only)
}

function fullName({ suite, storage, broker }: Benchmark, name: string): string {
  return `${suite}, ${storage}${broker === undefined ? '' : ` to ${broker}`}: ${name}`
}
