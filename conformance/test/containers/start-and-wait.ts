import { setTimeout as pass } from 'node:timers/promises'
import { startPostgres } from '../../src/containers/index.ts'
import { currentRun } from '../../src/containers/runs/run.ts'

/** A program: starts a server, prints the run that it belongs to, and stays until it is killed. */
const server = await startPostgres()
process.stdout.write(`${server.available ? currentRun() : server.reason}\n`)
for (;;) await pass(60_000)
