import { Consumer, exponential } from '@waybill/core'
import { WaybillError } from '@waybill/core/contracts'
import { type MemoryInbox, type MemoryTransaction, memoryInbox, type Schedule } from '@waybill/memory'
import { type GroupConsumer, groupConsumer } from '../broker/group-consumer.ts'
import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'
import { handlerOf } from './handler.ts'
import type { World } from './world.ts'

/** The one consumer of the world, by its name; its processes share the work as a group. */
export const consumerName = 'billing'
export const consumedTopics: readonly string[] = ['orders', 'invoices']

/** A consumer's place in the world: processes come and go in it, one at a time. */
export class ConsumerPlace {
  readonly #world: World
  readonly #name: string
  readonly #random: Random
  #generation = 0
  #actor: Actor | null = null
  #consumer: Consumer<MemoryTransaction> | null = null
  #source: GroupConsumer | null = null
  #stopping: Promise<void> | null = null

  constructor(world: World, name: string, random: Random) {
    this.#world = world
    this.#name = name
    this.#random = random
  }

  get actor(): Actor | null {
    return this.#actor
  }

  get isGone(): boolean {
    return this.#actor?.alive !== true
  }

  start(): void {
    const { scheduler, group, connections, database, referee } = this.#world
    const actor = scheduler.actor({ name: `${this.#name}.${++this.#generation}`, weight: this.#world.drawWeight() })
    const schedule = connections.scheduleOf(actor)
    const source = groupConsumer(group, actor)
    const consumer = new Consumer<MemoryTransaction>({
      name: consumerName,
      source,
      inbox: this.#watched(schedule, memoryInbox({ database, schedule })),
      topics: consumedTopics,
      concurrency: this.#random.between(1, 4),
      maxInFlight: this.#random.between(4, 12),
      handlerTimeoutMs: 400,
      retry: exponential({ baseMs: 10, maxMs: 200, maxAttempts: 3 }),
      shutdownTimeoutMs: 500,
      redriveIntervalMs: 100,
      ...(this.#world.plan.trouble.comeBacks && { redriveAfter: { delayMs: 50, times: 2 } }),
      maxCrashes: 2,
      pruneIntervalMs: 0,
      runtime: actor.runtime,
    })
    const handle = handlerOf(this.#world, actor, this.#random)
    consumer.on('thing.happened', (message, { tx }) => handle(message.id, tx))
    consumer.on('error', (error) => this.#judge(actor, error))
    this.#actor = actor
    this.#consumer = consumer
    this.#source = source
    this.#stopping = null
    consumer.start().catch((error: unknown) => referee.fail('no-stray-errors', `${actor.name} did not start: ${error}`))
    consumer.closed.catch((error: unknown) => this.#judge(actor, error))
  }

  stop(): Promise<void> {
    const actor = this.#actor
    if (actor === null || !actor.alive) return Promise.resolve()
    this.#stopping ??= this.#stop(actor)
    return this.#stopping
  }

  kill(): void {
    const { referee, connections, witness } = this.#world
    const actor = this.#actor
    if (actor === null || !actor.alive) return
    referee.note(`${actor.name} is KILLED`)
    actor.kill()
    connections.drop(actor)
    witness.crashes++
    this.leaveGroupLater()
  }

  /** The broker takes a process that is not heard of for dead. A paused one comes back when it finds out. */
  leaveGroupLater(): void {
    const { group, fate } = this.#world
    const member = this.#source?.member
    if (member == null) return
    fate.runtime.setTimeout(
      () => {
        if (!member.actor.alive || member.actor.frozen) group.leave(member)
        if (member.actor.alive && !group.has(member))
          member.actor.enqueue('joins the group again', () => group.join(member))
      },
      this.#random.between(20, 600),
    )
  }

  async #stop(actor: Actor): Promise<void> {
    this.#world.referee.note(`${actor.name} stops`)
    try {
      await this.#consumer?.stop()
    } catch (error) {
      this.#judge(actor, error)
    }
    const member = this.#source?.member
    if (member != null) this.#world.group.leave(member)
    this.#world.connections.drop(actor)
    actor.kill()
  }

  /** The inbox with each of its calls as a step, and with a note of what may have been given up. */
  #watched(schedule: Schedule, inbox: MemoryInbox): MemoryInbox {
    const { handlerRuns } = this.#world
    const { crashes, deadLetters } = inbox
    const step = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
      await schedule(name)
      const result = await call()
      await schedule(`${name}:reply`)
      return result
    }
    return {
      ...inbox,
      crashes: {
        list: (receipt) => step('marks:list', () => crashes.list(receipt)),
        begin: (receipt, beginning) => step('marks:begin', () => crashes.begin(receipt, beginning)),
        withdraw: (receipt, beginning) => step('marks:withdraw', () => crashes.withdraw(receipt, beginning)),
        end: (tx, receipt) => step('marks:end', () => crashes.end(tx, receipt)),
        forget: (receipt) => step('marks:forget', () => crashes.forget(receipt)),
      },
      deadLetters: {
        ...deadLetters,
        bury(burial) {
          handlerRuns.rejected(burial.receipt.key)
          return step('letters:bury', () => deadLetters.bury(burial))
        },
        due: (consumer, limit) => step('letters:due', () => deadLetters.due(consumer, limit)),
        take: (tx, receipt) => step('letters:take', () => deadLetters.take(tx, receipt)),
      },
    }
  }

  #judge(actor: Actor, error: unknown): void {
    if (!actor.alive) return
    this.#world.referee.note(`${actor.name} reports ${String(error)}`)
    if (WaybillError.isInstance(error)) return
    const stack = error instanceof Error ? error.stack : String(error)
    this.#world.referee.fail('no-stray-errors', `${actor.name} reports an error of no known type: ${stack}`)
  }
}
