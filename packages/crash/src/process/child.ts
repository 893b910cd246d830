import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ChildOptions<Input> {
  /** A module that calls `asChild`. */
  readonly module: URL
  /** Travels as JSON. */
  readonly input: Input
  /** What the process prints goes to the end of this file. */
  readonly output: string
  /** Options of Node beside ours. */
  readonly execArgv?: readonly string[]
  /** Variables beside our own. */
  readonly env?: Readonly<Record<string, string>>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process that we have started, and that never outlives us: killed when we exit, also while it is frozen. */
export class Child<ToChild, FromChild> {
  readonly #process: ChildProcess
  readonly ended: Promise<Ending>

  /** Processes of a run share what has been compiled: a run starts them by the hundred. */
  constructor(options: ChildOptions<unknown>, onMessage: (message: FromChild) => void) {
    const output = openSync(options.output, 'a')
    this.#process = fork(options.module, [JSON.stringify(options.input)], {
      execArgv: ['--conditions=@waybill/source', '--no-warnings', ...(options.execArgv ?? [])],
      env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(options.output), 'compiled'), ...options.env },
      stdio: ['ignore', output, output, 'ipc'],
    })
    closeSync(output)
    running.add(this.#process)
    this.#process.on('message', (message) => onMessage(message as FromChild))
    this.ended = once(this.#process, 'exit').then(([code, signal]) => {
      running.delete(this.#process)
      return { code, signal }
    })
  }

  /** What is sent to one that has ended is nobody's. */
  send(message: ToChild & object): void {
    if (this.#process.connected) this.#process.send(message, () => undefined)
  }

  /** Answers whether there was a process to signal. */
  signal(signal: NodeJS.Signals): boolean {
    return running.has(this.#process) && this.#process.kill(signal)
  }
}
