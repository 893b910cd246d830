import { putIntoCode } from '../mutants/load-hook.ts'
import type { ScheduleResult } from '../schedule.ts'
import type { WorkOrder, WorkReport } from './worker-messages.ts'

const schedulesPerReport = 20

const order = JSON.parse(process.argv[2] ?? '') as WorkOrder
const hook = order.mutant === null ? null : putIntoCode(order.mutant)
// Only now: what is loaded before the hook stays as it is.
const { runSchedule } = await import('../schedule.ts')
hook?.assertApplied()

let results: ScheduleResult[] = []
for (let index = 0; index < order.count; index++) {
  results.push(await runSchedule({ seed: order.from + index * order.stride }))
  const failed = results.at(-1)?.violation != null
  if (failed || results.length === schedulesPerReport || index === order.count - 1) await report()
}
process.disconnect?.()

function report(): Promise<void> {
  const message: WorkReport = { results }
  results = []
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
}
