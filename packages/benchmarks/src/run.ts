import { benchmarks } from './benchmarks.ts'
import type { Benchmark, Storage, Suite } from './harness/benchmark.ts'
import { type BenchEnvironment, readEnvironment } from './harness/environment.ts'
import { progressOf } from './harness/progress.ts'
import type { BenchResult } from './harness/result.ts'

export interface RunOptions {
  readonly suites: readonly Suite[]
  readonly storages: readonly Storage[]
  /** Only benchmarks whose full name has this text. */
  readonly only: string
  readonly rounds: number
  readonly scale: number
}

export interface BenchReport {
  readonly environment: BenchEnvironment
  readonly results: readonly BenchResult[]
}

export async function runBenchmarks(options: RunOptions): Promise<BenchReport> {
  const environment = readEnvironment()
  const chosen = benchmarks.filter((benchmark) => isChosen(benchmark, options))
  const results: BenchResult[] = []
  for (const [index, benchmark] of chosen.entries()) {
    const name = fullName(benchmark, benchmark.name)
    const progress = progressOf(`[${index + 1}/${chosen.length}] ${name}`)
    const found = await benchmark.run({ rounds: options.rounds, scale: options.scale, progress: progress.step })
    progress.end()
    results.push(...found.map((result) => ({ ...result, name: fullName(benchmark, result.name) })))
  }
  return { environment, results }
}

function isChosen(benchmark: Benchmark, { suites, storages, only }: RunOptions): boolean {
  const { suite, storage, name } = benchmark
  return suites.includes(suite) && storages.includes(storage) && fullName(benchmark, name).includes(only)
}

function fullName({ suite, storage }: Benchmark, name: string): string {
  return `${suite}, ${storage}: ${name}`
}
