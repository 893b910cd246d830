import { type ChildProcess, fork } from 'node:child_process'

/** A process of its own: what it measures is disturbed by nothing else that we do. */
export interface Child<Report> {
  /** Resolves when the child says that it has prepared itself. */
  readonly ready: Promise<void>
  /** What it answers at its end. */
  readonly report: Promise<Report>
  stop(): void
}

export type ChildMessage<Report> = { readonly type: 'ready' } | { readonly type: 'report'; readonly report: Report }

export interface ChildOptions {
  /** Options of Node. */
  readonly execArgv?: readonly string[]
  /** Variables beside our own. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a module that calls `runAsChild`. */
export function startChild<Input, Report>(module: URL, input: Input, options: ChildOptions = {}): Child<Report> {
  const child = fork(module, [JSON.stringify(input)], {
    execArgv: ['--conditions=@waybill/source', '--no-warnings', ...(options.execArgv ?? [])],
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ready = Promise.withResolvers<void>()
  const report = Promise.withResolvers<Report>()
  const fail = (error: Error) => {
    ready.reject(error)
    report.reject(error)
  }
  child.on('message', (message) => {
    const told = message as ChildMessage<Report>
    ready.resolve()
    if (told.type === 'report') report.resolve(told.report)
  })
  child.on('error', fail)
  child.on('exit', (code, signal) => fail(new Error(`${module.pathname} ended with ${signal ?? code} and no report`)))
  // Whoever does not wait for `ready` learns of the failure by `report`.
  ready.promise.catch(() => undefined)
  endWithUs(child)
  return { ready: ready.promise, report: report.promise, stop: () => void child.send('stop') }
}

function endWithUs(child: ChildProcess): void {
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}
