import { ArgumentError, type CrashArguments, readArguments, usage } from './arguments.ts'
import { Progress } from './progress.ts'
import type { Outcome } from './report.ts'
import { run } from './run.ts'
import { ServerUnavailableError } from './servers.ts'

process.exitCode = await main()

/** Answers the exit code: 1 if an invariant was broken, 2 for arguments that cannot be used, 3 without a server, 130 after Ctrl-C. */
async function main(): Promise<number> {
  try {
    const options = readArguments(process.argv.slice(2))
    if (options !== null) return await show(options)
    process.stdout.write(`${usage}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}\n`)
    return 2
  }
}

async function show({ json, ...options }: CrashArguments): Promise<number> {
  const { storage, broker, messages, kills, relays, consumers, seed } = options
  const processes = `${relays} relays, ${consumers > 0 ? `${consumers} consumers, ` : ''}${kills} kills`
  process.stderr.write(`${storage}, ${broker}: ${messages} messages, ${processes}, seed ${seed}\n`)
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
  const progress = new Progress()
  try {
    const outcome = await run({ ...options, signal: interruption.signal, onStart: (line) => progress.start(line) })
    progress.stop()
    return conclude(outcome, json)
  } catch (error) {
    progress.stop()
    if (error instanceof ServerUnavailableError) return unavailable(options, error.message, json)
    if (!interruption.signal.aborted) throw error
    process.stderr.write('stopped\n')
    return 130
  }
}

function conclude({ report, problems, folder }: Outcome, json: boolean): number {
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (folder !== null) process.stderr.write(`The evidence is in ${folder}\n`)
  if (problems.length === 0) process.stderr.write('Nothing lost, nothing invented, every key in its order.\n')
  if (problems.length === 0 && report.consumers > 0) process.stderr.write('Every message took effect once.\n')
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, null, 2)}\n`)
  return problems.length === 0 ? 0 : 1
}

function unavailable({ storage, broker }: Omit<CrashArguments, 'json'>, reason: string, json: boolean): number {
  process.stderr.write(`${reason}\n`)
  if (json) process.stdout.write(`${JSON.stringify({ storage, broker, unavailable: reason })}\n`)
  return 3
}
