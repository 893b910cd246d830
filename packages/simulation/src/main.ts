import { parseArgs } from 'node:util'
import { runWorkers } from './command/run-workers.ts'
import { Tally } from './command/tally.ts'
import { putIntoCode } from './mutants/load-hook.ts'
import type { ScheduleResult } from './schedule.ts'
import { invariants } from './violation.ts'

const progressEveryMs = 3000

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    workers: { type: 'string', default: '2' },
    trace: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const startedAt = performance.now()
const tally = new Tally()
if (values.seed === undefined) await runMany()
else await replay(wholeNumber('seed', values.seed))
finish()

async function runMany(): Promise<void> {
  const schedules = wholeNumber('schedules', values.schedules)
  let saidAt = startedAt
  await runWorkers({
    from: wholeNumber('from', values.from),
    schedules,
    workers: wholeNumber('workers', values.workers),
    ...(values.mutant === undefined ? {} : { mutant: values.mutant }),
    onResult(result) {
      add(result)
      if (performance.now() - saidAt < progressEveryMs) return true
      saidAt = performance.now()
      const perSecond = Math.round(tally.schedules / seconds())
      console.log(`${tally.schedules} of ${schedules} schedules, ${tally.failed.length} failed, ${perSecond} a second`)
      return true
    },
  })
}

async function replay(seed: number): Promise<void> {
  const hook = values.mutant === undefined ? null : putIntoCode(values.mutant)
  // Only now: what is loaded before the hook stays as it is.
  const { runSchedule } = await import('./schedule.ts')
  hook?.assertApplied()
  add(await runSchedule({ seed, ...(values.trace ? { trace: (line) => console.log(line) } : {}) }))
}

function add(result: ScheduleResult): void {
  tally.add(result)
  if (result.violation === null) return
  const { invariant, explanation } = result.violation
  console.log(`seed ${result.seed} breaks '${invariant}' (${invariants[invariant]}): ${explanation}`)
  const mutant = values.mutant === undefined ? '' : ` --mutant '${values.mutant}'`
  console.log(`  replay: npm run simulate -- --seed ${result.seed} --trace${mutant}`)
}

function finish(): void {
  const { shares, medianMessages: median, missed, schedules } = tally
  const failed = tally.failed.length
  const percent = (share: number) => `${Math.round(share * 100)} %`
  console.log(`${schedules} schedules, ${failed} failed, ${tally.steps} steps, ${seconds()} s`)
  console.log(
    `with a crash: ${percent(shares.crashed)}, with lanes moving between relays: ${percent(shares.lanesMoved)}, with ` +
      `interleaved open transactions on one key: ${percent(shares.interleaved)}, median messages: ${median}`,
  )
  for (const what of missed) console.log(`too little of ${what}`)
  if (values.json) {
    const seeds = tally.failed.map(({ seed }) => seed).sort((left, right) => left - right)
    const passed = schedules - failed
    console.log(JSON.stringify({ schedules, passed, failed, seeds, shares, median, seconds: seconds() }))
  }
  process.exitCode = failed > 0 || missed.length > 0 ? 1 : 0
}

function seconds(): number {
  return Math.round((performance.now() - startedAt) / 100) / 10
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  console.error(`--${option} must be a whole number of at least 1, not '${text}'`)
  process.exit(2)
}
