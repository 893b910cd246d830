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
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0 || wasStopped()) resolve()
      else reject(new Error(`A worker ended with ${code}:\n${stderr}`))
    })
  })
}
