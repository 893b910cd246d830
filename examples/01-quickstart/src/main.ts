import { ArgumentError, type DemoArguments, readArguments, usage } from './arguments.ts'
import { isBroken } from './judge.ts'
import { ProgressLine } from './progress-line.ts'
import { renderProblems, renderTable } from './report.ts'
import { type Outcome, run } from './run.ts'

process.exitCode = await main()

/** Answers the exit code: 1 if a promise was broken, 2 for arguments that cannot be used, 130 after Ctrl-C. */
async function main(): Promise<number> {
  try {
    const demo = readArguments(process.argv.slice(2))
    if (demo === null) {
      console.log(usage)
      return 0
    }
    return await show(demo)
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error
    console.error(`${error.message}\n\n${usage}`)
    return 2
  }
}

async function show(demo: DemoArguments): Promise<number> {
  console.log(`${demo.orders} orders, ${demo.crashes} kills of the relay, seed ${demo.seed}`)
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort())
  const progress = new ProgressLine(process.stdout)
  try {
    const outcome = await run(demo, { signal: interruption.signal, onStart: (line) => progress.start(line) })
    progress.stop()
    return conclude(demo, outcome)
  } catch (error) {
    progress.stop()
    if (!interruption.signal.aborted) throw error
    console.log('stopped')
    return 130
  }
}

function conclude(demo: DemoArguments, { result, verdict, folder }: Outcome): number {
  console.log(`\n${renderTable(result)}\n`)
  const broken = isBroken(verdict)
  if (broken) console.log([...renderProblems(verdict), `The databases are in ${folder}`].join('\n'))
  else console.log('Nothing lost, nothing invented, every order in its order, every effect once.')
  if (demo.json) console.log(JSON.stringify(result))
  return broken ? 1 : 0
}
