import { parseArgs } from 'node:util'
import { runStages, summaryLines } from './run-stages.ts'
import { stages } from './stages.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const wanted = values.only?.split(',')
const unknown = wanted?.filter((name) => !stages.some((stage) => stage.name === name)) ?? []
const names = stages.map((stage) => stage.name).join(', ')

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

if (unknown.length > 0) {
  console.error(`no such stage: ${unknown.join(', ')}; the stages are ${names}`)
  process.exitCode = 1
} else {
  const selected = stages.filter((stage) => wanted === undefined || wanted.includes(stage.name))
  const result = await runStages(selected, { print: (line) => console.log(line) })
  for (const line of summaryLines(result)) console.log(line)
  process.exitCode = result.failed > 0 || result.passed === 0 ? 1 : 0
}
