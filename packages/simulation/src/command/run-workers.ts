import { type ChildProcess, fork } from 'node:child_process'
import type { ScheduleResult } from '../schedule.ts'
import type { WorkOrder, WorkReport } from './worker-messages.ts'

export interface RunOptions {
  readonly from: number
  readonly schedules: number
  readonly workers: number
  readonly mutant?: string
  /** Answers `false` to stop all workers. */
  readonly onResult: (result: ScheduleResult) => boolean
}

/** A worker that is not heard of for so long hangs: a schedule takes milliseconds. */
const hangsAfterMs = 180_000

const workerModule = new URL('worker.ts', import.meta.url)

/** Spreads the seeds over worker processes. Rejects if one of them ends otherwise than by finishing or being told to. */
export async function runWorkers(options: RunOptions): Promise<void> {
  const workers = Math.min(options.workers, options.schedules)
  const children: ChildProcess[] = []
  let stopped = false
  const stop = () => {
    stopped = true
    for (const child of children) child.kill()
  }
  const ended = Array.from({ length: workers }, (_, index) => {
    const order: WorkOrder = {
      from: options.from + index,
      stride: workers,
      count: Math.floor((options.schedules - index - 1) / workers) + 1,
      mutant: options.mutant ?? null,
    }
    const child = fork(workerModule, [JSON.stringify(order)], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    children.push(child)
    child.on('message', ({ results }: WorkReport) => {
      for (const result of results) if (!stopped && !options.onResult(result)) stop()
    })
    return endOf(child, () => stopped)
  })
  await Promise.all(ended)
}

function endOf(child: ChildProcess, wasStopped: () => boolean): Promise<void> {
  let stderr = ''
  let heardAt = performance.now()
  let lastSeed: number | null = null
  let hangs = false
  child.on('message', ({ results }: WorkReport) => {
    heardAt = performance.now()
    lastSeed = results.at(-1)?.seed ?? lastSeed
  })
  const watch = setInterval(() => {
    hangs = performance.now() - heardAt > hangsAfterMs
    if (hangs) child.kill('SIGKILL')
  }, 1000)
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(watch)
      if (hangs) reject(new Error(`A worker hangs; the last schedule that it finished is that of seed ${lastSeed}`))
      else if (code === 0 || wasStopped()) resolve()
      else reject(new Error(`A worker ended with ${code}:\n${stderr}`))
    })
  })
}
