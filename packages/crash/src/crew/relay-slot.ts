import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Child } from '../process/child.ts'
import type { Random } from '../random.ts'
import type { FromRelay, RelayInput, ToRelay } from '../relay/protocol.ts'
import type { History, RelayLife } from './history.ts'

export interface SlotOptions {
  readonly name: string
  /** What all relays have in common. */
  readonly relay: Omit<RelayInput, 'label' | 'seed' | 'crashes'>
  readonly crashes: boolean
  /** The module of a relay's process. */
  readonly module: URL
  /** Every other process of the slot runs the build of this checkout. */
  readonly oldBuild: string | null
  readonly folder: string
  readonly random: Random
  readonly history: History
}

/** How long a slot whose relay has crashed by itself stays empty, in leases. */
const emptyLeases = 0.5
/** More than a relay gives itself. */
const stopWithinMs = 45_000

/** The place of one relay: a process that is replaced whenever it has ended, until the slot is closed. */
export class RelaySlot {
  readonly #options: SlotOptions
  #child: Child<ToRelay, FromRelay> | null = null
  #life: RelayLife | null = null
  #state: 'starting' | 'ready' | 'frozen' | 'ending' = 'starting'
  #processes = 0
  #closing = false
  readonly #running: Promise<void>

  constructor(options: SlotOptions) {
    this.#options = options
    this.#running = this.#keepUp()
  }

  /** It has joined, and nobody is doing anything to it. */
  get isReady(): boolean {
    return this.#state === 'ready'
  }

  /** It has joined, and may be frozen. */
  get isAlive(): boolean {
    return this.#state === 'ready' || this.#state === 'frozen'
  }

  /** SIGKILL: it can clean up nothing. Also for one that is frozen. */
  kill(): void {
    if (this.#life === null || this.#child === null) return
    this.#state = 'ending'
    this.#life.end ??= 'killed'
    this.#child.signal('SIGKILL')
  }

  /** Freezes it for so long, unless it is killed meanwhile. */
  async freeze(forMs: number): Promise<void> {
    const [child, life] = [this.#child, this.#life]
    if (child === null || life === null || !child.signal('SIGSTOP')) return
    const pause = { from: Date.now(), to: Number.POSITIVE_INFINITY }
    life.pauses.push(pause)
    this.#state = 'frozen'
    await wait(forMs)
    child.signal('SIGCONT')
    pause.to = Date.now()
    if (this.#child === child && this.#state === 'frozen') this.#state = 'ready'
  }

  /** Lets it stop in good order; the next one joins at once. */
  leave(): void {
    this.#state = 'ending'
    this.#options.history.leaves++
    this.#child?.send({ type: 'stop' })
  }

  /** Lets the relay stop in good order, and starts no other. */
  async close(): Promise<void> {
    this.#closing = true
    const child = this.#child
    child?.signal('SIGCONT')
    child?.send({ type: 'stop' })
    const impatience = setTimeout(() => child?.signal('SIGKILL'), stopWithinMs)
    await this.#running
    clearTimeout(impatience)
  }

  /** Ends it at once, and starts no other. Safe after {@link close}. */
  async abort(): Promise<void> {
    this.#closing = true
    this.#child?.signal('SIGKILL')
    await this.#running
  }

  async #keepUp(): Promise<void> {
    while (!this.#closing) {
      const life = await this.#runOne()
      if (life.end === 'crashed' && !this.#closing) await wait(this.#options.relay.leaseMs * emptyLeases)
    }
  }

  async #runOne(): Promise<RelayLife> {
    const { name, relay, crashes, module, folder, random, history } = this.#options
    const label = `${name}.${++this.#processes}`
    const life = history.begin(label)
    const input: RelayInput = { ...relay, label, seed: random.seed(), crashes }
    const output = join(folder, `relay-${label}.out`)
    const child = new Child<ToRelay, FromRelay>({ module, input, output, ...this.#build() }, (message) =>
      this.#hear(life, message),
    )
    this.#life = life
    this.#child = child
    this.#state = 'starting'
    const { code, signal } = await child.ended
    this.#child = null
    this.#state = 'ending'
    life.endedAt = Date.now()
    for (const pause of life.pauses) pause.to = Math.min(pause.to, life.endedAt)
    life.end ??= code === 0 ? 'left' : signal === 'SIGKILL' ? 'crashed' : 'failed'
    return life
  }

  #build(): { execArgv?: readonly string[]; env?: Readonly<Record<string, string>> } {
    const { oldBuild } = this.#options
    if (oldBuild === null || this.#processes % 2 === 0) return {}
    const hook = new URL('../relay/old-build.ts', import.meta.url).href
    return { execArgv: ['--import', hook], env: { WAYBILL_CRASH_OLD_BUILD: oldBuild } }
  }

  #hear(life: RelayLife, message: FromRelay): void {
    switch (message.type) {
      case 'ready':
        if (this.#life === life && this.#state === 'starting') this.#state = 'ready'
        break
      case 'unanswered':
        for (const id of message.ids) life.unanswered.set(id, Date.now())
        break
      case 'lease-lost':
        life.leasesLostAt.push(Date.now())
        break
      case 'anomaly':
        this.#options.history.anomalies += message.messages
        break
      case 'defect':
        this.#options.history.defects.push(message.text)
        break
    }
  }
}
