import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Child, type ChildOptions } from '../process/child.ts'
import type { Life } from './history.ts'

/** What every process of a slot understands. */
interface Stop {
  readonly type: 'stop'
}

/** What it says; `ready` when it has begun to work. */
interface News {
  readonly type: string
}

export interface SlotOptions<L extends Life, Message extends News> {
  readonly name: string
  /** What the process prints goes into a file of this folder. */
  readonly folder: string
  /** How long the slot stays empty after a process that has crashed by itself, in milliseconds. */
  readonly emptyMs: number
  begin(label: string): L
  /** @param count - Of the processes of this slot, counted from 1. */
  start(label: string, count: number): Omit<ChildOptions<unknown>, 'output'>
  /** Is told all but `ready`. */
  hear(life: L, message: Message): void
  onLeave(): void
}

/** More than a relay or a consumer gives itself. */
const stopWithinMs = 45_000

/** The place of one process, which is replaced whenever it has ended, until the slot is closed. */
export class Slot<L extends Life, Message extends News> {
  readonly #options: SlotOptions<L, Message>
  #child: Child<Stop, Message> | null = null
  #life: L | null = null
  #state: 'starting' | 'ready' | 'frozen' | 'ending' = 'starting'
  #processes = 0
  #closing = false
  readonly #running: Promise<void>

  constructor(options: SlotOptions<L, Message>) {
    this.#options = options
    this.#running = this.#keepUp()
  }

  /** It has begun to work, and nobody is doing anything to it. */
  get isReady(): boolean {
    return this.#state === 'ready'
  }

  /** It has begun to work, and may be frozen. */
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

  /** Lets it stop in good order; the next one comes at once. */
  leave(): void {
    this.#state = 'ending'
    this.#options.onLeave()
    this.#child?.send({ type: 'stop' })
  }

  /** Lets the process stop in good order, and starts no other. */
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
      if (life.end === 'crashed' && !this.#closing) await wait(this.#options.emptyMs)
    }
  }

  async #runOne(): Promise<L> {
    const { name, folder, begin, start } = this.#options
    const label = `${name}.${++this.#processes}`
    const life = begin(label)
    const options = { ...start(label, this.#processes), output: join(folder, `${label}.out`) }
    const child = new Child<Stop, Message>(options, (message) => this.#hear(life, message))
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

  #hear(life: L, message: Message): void {
    if (message.type !== 'ready') this.#options.hear(life, message)
    else if (this.#life === life && this.#state === 'starting') this.#state = 'ready'
  }
}

/** A place of any process, as the saboteur sees it. */
export type AnySlot = Pick<Slot<Life, News>, 'isReady' | 'isAlive' | 'kill' | 'freeze' | 'leave' | 'close' | 'abort'>
