import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly seconds: number
}

/** A process that a script of an example's package.json has started, and that runs. */
export interface Service {
  /** What it has printed so far, errors too. */
  readonly output: string
  /** SIGKILL: it can clean up nothing. Resolves when it is gone. */
  kill(): Promise<Ended>
  /** SIGTERM: it is asked to end. Resolves when it has. */
  terminate(): Promise<Ended>
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<Ended>
}

export interface StartTerms {
  /** What the script's standard input reads. @default nothing */
  readonly input?: string
  /** Variables of this start alone. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a script; resolves when it has printed `ready`. */
export type ServiceStarter = (script: string, ready: RegExp, terms?: StartTerms) => Promise<Service>

/**
 * Starts services of an example as a reader does, by the scripts of its package.json, and kills what is left of them at the
 * end of the test.
 *
 * @param env - Beside the test's own; it wins over the example's file of variables.
 */
export function servicesOf(folder: string, env: Readonly<Record<string, string>>): ServiceStarter {
  return async (script, ready, { input, env: more } = {}) => {
    const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as ExampleManifest
    const [program, ...args] = scripts[script]?.split(' ') ?? []
    if (program !== 'node') throw new Error(`package.json has no script '${script}' that runs node`)
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env, ...more } })
    onTestFinished(() => void child.kill('SIGKILL'))
    child.stdin.end(input)
    const service = new RunningService(child)
    await service.hasPrinted(script, ready)
    return service
  }
}

interface ExampleManifest {
  readonly scripts: Readonly<Record<string, string>>
}

class RunningService implements Service {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #startedAt = performance.now()
  #askedAt: number | undefined
  #output = ''

  constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    this.ended = once(child, 'close').then(([code, signal]) => {
      const seconds = (performance.now() - (this.#askedAt ?? this.#startedAt)) / 1000
      return { code, signal, seconds }
    })
  }

  get output(): string {
    return this.#output
  }

  kill(): Promise<Ended> {
    return this.#send('SIGKILL')
  }

  terminate(): Promise<Ended> {
    return this.#send('SIGTERM')
  }

  async hasPrinted(script: string, ready: RegExp): Promise<void> {
    let gone = false
    void this.ended.then(() => {
      gone = true
    })
    while (!ready.test(this.#output)) {
      if (gone) throw new Error(`'${script}' ended before it was ready:\n${this.#output}`)
      await Promise.race([this.ended, ...[this.#child.stdout, this.#child.stderr].map(nextData)])
    }
  }

  #send(signal: NodeJS.Signals): Promise<Ended> {
    this.#askedAt = performance.now()
    this.#child.kill(signal)
    return this.ended
  }
}

function nextData(stream: NodeJS.ReadableStream | null): Promise<unknown> {
  return stream === null ? new Promise(() => undefined) : new Promise((resolve) => stream.once('data', resolve))
}
