import type { Random } from '../random.ts'
import { Actor, type ActorOptions, type Step } from './actor.ts'
import { type Timer, Timers } from './timers.ts'

export interface SchedulerOptions {
  readonly random: Random
  /** Gets each step that is taken, for people. */
  readonly trace?: (line: string) => void
  /** How likely the clock moves with a step. @default 0.3 */
  readonly tickChance?: number
  /** How far it moves then at most, in milliseconds. @default 4 */
  readonly tickMs?: number
}

/** `idle`: nobody has anything to do, now or later. `exhausted`: `maxSteps` or `maxTime` was reached. */
export type RunEnd = 'done' | 'idle' | 'exhausted'

export interface RunLimits {
  /** Asked between steps. */
  readonly until: () => boolean
  readonly maxSteps: number
  /** Virtual milliseconds. */
  readonly maxTime: number
}

/** Macrotasks are asked for in advance: the platform runs them one after the other, with all microtasks between. */
const turnsAhead = 64

/** Wall clock at the start of every schedule, in milliseconds since the epoch: 2030-01-01. */
const wallZero = 1_893_456_000_000

/**
 * Takes one step of one actor at a time, in an order that its seed decides, and lets everything that the step has made
 * possible happen before it takes the next. When nobody can do anything, the clock moves to the next timer.
 */
export class Scheduler {
  /** True time in milliseconds: what no actor can know. */
  now = 0
  /** Steps taken. */
  taken = 0
  /** Whose step was taken last. */
  current: Actor | null = null
  /** Called after each step, when all that it made possible has happened. An error that it throws ends the run. */
  afterStep: () => void = () => undefined
  readonly trace: ((line: string) => void) | undefined
  readonly #random: Random
  readonly #tickChance: number
  readonly #tickMs: number
  readonly #timers = new Timers()
  readonly #busy = new Set<Actor>()

  constructor(options: SchedulerOptions) {
    this.#random = options.random
    this.trace = options.trace
    this.#tickChance = options.tickChance ?? 0.3
    this.#tickMs = options.tickMs ?? 4
  }

  get wallNow(): number {
    return wallZero + this.now
  }

  actor(options: ActorOptions): Actor {
    return new Actor(this, options, this.#random.fork())
  }

  /** For actors: they have a step to take. */
  hasSteps(actor: Actor): void {
    this.#busy.add(actor)
  }

  startTimer(actor: Actor, callback: () => void, ms: number): () => void {
    const timer: Timer = { at: this.now + Math.max(0, ms), actor, label: 'timer', callback, cancelled: false }
    this.#timers.add(timer)
    return () => {
      timer.cancelled = true
    }
  }

  /** Rejects with what {@link afterStep} threw. */
  run(limits: RunLimits): Promise<RunEnd> {
    const maxTaken = this.taken + limits.maxSteps
    const maxNow = this.now + limits.maxTime
    const { promise, resolve, reject } = Promise.withResolvers<RunEnd>()
    let ahead = 0
    let ended = false
    const turn = () => {
      ahead--
      if (ended) return
      try {
        const end = this.#turn(limits.until, maxTaken, maxNow)
        if (end === null) return ask()
        ended = true
        resolve(end)
      } catch (error) {
        ended = true
        reject(error)
      }
    }
    const ask = () => {
      if (ahead > 0) return
      for (; ahead < turnsAhead; ahead++) setImmediate(turn)
    }
    ask()
    return promise
  }

  #turn(until: () => boolean, maxTaken: number, maxNow: number): RunEnd | null {
    this.afterStep()
    if (until()) return 'done'
    if (this.taken >= maxTaken || this.now >= maxNow) return 'exhausted'
    const actor = this.#nextActor()
    if (actor === null) return 'idle'
    const step = takeAny(actor.steps, this.#random)
    if (this.#random.chance(this.#tickChance)) this.now += this.#random.between(1, this.#tickMs)
    this.taken++
    this.current = actor
    this.trace?.(`${String(this.taken).padStart(5)} ${String(this.now).padStart(7)} ms  ${actor.name}: ${step.label}`)
    step.run()
    return null
  }

  /** Moves the clock on while nobody can do anything. */
  #nextActor(): Actor | null {
    for (;;) {
      for (let due = this.#timers.takeDue(this.now); due !== null; due = this.#timers.takeDue(this.now)) {
        const timer = due
        timer.actor.enqueue(timer.label, () => {
          if (!timer.cancelled) timer.callback()
        })
      }
      const actor = this.#anyBusyActor()
      if (actor !== null) return actor
      const nextAt = this.#timers.nextAt
      if (nextAt === null) return null
      this.now = nextAt
    }
  }

  #anyBusyActor(): Actor | null {
    let total = 0
    for (const actor of this.#busy) {
      if (actor.steps.length === 0) this.#busy.delete(actor)
      else if (!actor.frozen) total += actor.weight
    }
    if (total === 0) return null
    let left = this.#random.next() * total
    let last: Actor | null = null
    for (const actor of this.#busy) {
      if (actor.frozen) continue
      last = actor
      left -= actor.weight
      if (left < 0) return actor
    }
    return last
  }
}

function takeAny(steps: Step[], random: Random): Step {
  const index = steps.length === 1 ? 0 : random.integer(steps.length)
  const [step] = steps.splice(index, 1)
  if (step === undefined) throw new Error('An actor without steps was to take one')
  return step
}
