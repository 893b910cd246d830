import { parseCommandLine, usage } from './command-line.ts'
import { renderTable } from './harness/report.ts'
import { runBenchmarks } from './run.ts'

const commandLine = parseCommandLine(process.argv.slice(2))
if (commandLine.type === 'usage') {
  console.error(commandLine.problem === null ? usage : `${commandLine.problem}\n\n${usage}`)
  process.exitCode = commandLine.problem === null ? 0 : 1
} else {
  const report = await runBenchmarks(commandLine.options)
  console.log(renderTable(report.results))
  for (const { name, reason } of report.notRun) console.log(`not run: ${name} (${reason})`)
  for (const { name, error } of report.failures) console.error(name, error)
  if (report.failures.length > 0) process.exitCode = 1
  if (commandLine.json) console.log(JSON.stringify(report))
}
