import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BrokerHost } from './broker.ts'
import type { FromRelay, RelayTask, ToRelay } from './pipe.ts'
import type { Random } from './random.ts'

export interface SabotagePlan {
  readonly crashes: number
  /** Messages that will be published altogether. */
  readonly expectedMessages: number
  readonly random: Random
}

/** A kill comes so long after its moment at most: between a message's acceptance and its settlement, or anywhere else. */
const longestHesitationMs = 25

/** Keeps a relay running, and kills it: SIGKILL, at random moments of its work, so that it can clean up nothing. */
export class Saboteur {
  readonly #task: RelayTask
  readonly #host: BrokerHost
  readonly #plan: SabotagePlan
  /** Counts of accepted messages at which to strike, ascending. */
  readonly #moments: number[]
  #relay: ChildProcess | null = null
  #ready = false
  #striking = false
  #stopping = false
  #kills = 0

  constructor(task: RelayTask, host: BrokerHost, plan: SabotagePlan) {
    this.#task = task
    this.#host = host
    this.#plan = plan
    const { crashes, expectedMessages, random } = plan
    this.#moments = Array.from({ length: crashes }, () => 1 + random.below(Math.ceil(expectedMessages * 0.95)))
    this.#moments.sort((left, right) => left - right)
    host.onAccepted(() => this.#consider())
  }

  get kills(): number {
    return this.#kills
  }

  get relayState(): 'up' | 'down' | 'stopped' {
    if (this.#stopping) return 'stopped'
    return this.#ready ? 'up' : 'down'
  }

  start(): void {
    const execArgv = ['--conditions=@waybill/source', '--no-warnings']
    const relay = fork(fileURLToPath(new URL('relay-process.ts', import.meta.url)), [JSON.stringify(this.#task)], {
      execArgv,
      serialization: 'advanced',
    })
    this.#relay = relay
    this.#host.serve(relay)
    relay.on('message', (message: FromRelay) => {
      if (message.type === 'ready') this.#ready = true
    })
    relay.once('exit', () => {
      this.#ready = false
      if (!this.#stopping) this.start()
    })
  }

  /** Nothing is left to publish: strikes that are still to come hit a relay at rest. */
  hurry(): void {
    this.#moments.fill(0)
    this.#consider()
  }

  /** Lets the relay finish in good order. */
  async stop(): Promise<void> {
    this.#stopping = true
    const relay = this.#relay
    if (relay === null || relay.exitCode !== null || relay.signalCode !== null) return
    const exited = once(relay, 'exit')
    const stop: ToRelay = { type: 'stop' }
    relay.send(stop, () => undefined)
    const impatience = setTimeout(() => relay.kill('SIGKILL'), 5000)
    await exited
    clearTimeout(impatience)
  }

  #consider(): void {
    const moment = this.#moments[this.#kills]
    const relay = this.#relay
    if (relay === null || !this.#ready || this.#striking || moment === undefined || this.#host.acceptances < moment)
      return
    this.#striking = true
    setTimeout(() => {
      this.#striking = false
      if (!this.#stopping && relay.kill('SIGKILL')) this.#kills++
    }, this.#plan.random.below(longestHesitationMs))
  }
}
