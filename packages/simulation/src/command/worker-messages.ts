import type { ScheduleResult } from '../schedule.ts'

/** What a worker process is to do; its first argument, as JSON. */
export interface WorkOrder {
  readonly from: number
  readonly count: number
  /** Distance from one seed to the next: workers take turns. */
  readonly stride: number
  /** Name of the mutant to put into the code first. */
  readonly mutant: string | null
}

/** What a worker sends to its parent, some schedules at a time. */
export interface WorkReport {
  readonly results: readonly ScheduleResult[]
}
