import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runWorkers } from './command/run-workers.ts'
import { applyEdit, pathOf } from './mutants/load-hook.ts'
import type { Mutant } from './mutants/mutant.ts'
import { mutants } from './mutants/mutants.ts'
import { requiredMutants } from './mutants/required-mutants.ts'
import type { ScheduleResult } from './schedule.ts'

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
})

interface Row {
  readonly mutation: string
  readonly required: boolean
  readonly invariant: string | null
  readonly seed: number | null
  readonly schedules: number
  readonly seconds: number
}

/** Runs the simulation with one mutant in the code until it is found. */
async function hunt({ name }: Mutant): Promise<Row> {
  const startedAt = performance.now()
  let schedules = 0
  const found: ScheduleResult[] = []
  await runWorkers({
    from: Number(values.from),
    schedules: Number(values.schedules),
    workers: Number(values.workers),
    mutant: name,
    onResult(result) {
      schedules++
      if (result.violation === null) return true
      found.push(result)
      return false
    },
  })
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const [first] = found
  const invariant = first?.violation?.invariant ?? null
  const required = requiredMutants.some((mutant) => mutant.name === name)
  return { mutation: name, required, invariant, seed: first?.seed ?? null, schedules, seconds }
}

for (const { edits } of mutants) {
  const files = Map.groupBy(edits, ({ file }) => file)
  for (const [file, changes] of files) changes.reduce(applyEdit, readFileSync(pathOf(file), 'utf8'))
}

const rows: Row[] = []
console.log('| mutation | found by | seed | schedules | seconds |\n|---|---|---:|---:|---:|')
for (const mutant of mutants.filter(({ name }) => name.includes(values.only))) {
  const row = await hunt(mutant)
  rows.push(row)
  const name = row.required ? row.mutation : `*${row.mutation}*`
  console.log(`| ${name} | ${row.invariant ?? 'SURVIVED'} | ${row.seed ?? ''} | ${row.schedules} | ${row.seconds} |`)
}
const survivors = rows.filter(({ invariant }) => invariant === null)
if (survivors.length > 0)
  console.log(`${survivors.length} survived: ${survivors.map((row) => row.mutation).join(', ')}`)
if (values.json) console.log(JSON.stringify({ mutants: rows, survived: survivors.length }))
process.exitCode = survivors.length > 0 ? 1 : 0
