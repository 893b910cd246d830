import { exponential, Relay } from '@waybill/core'
import { type Message, WaybillError } from '@waybill/core/contracts'
import { memoryStorage } from '@waybill/memory'
import { BrokenClient, simulatedPublisher } from '../broker/publisher.ts'
import { checkPublishStart } from '../invariants/publish-start.ts'
import type { Actor } from '../scheduler/actor.ts'
import { lookAtStart } from './publish-look.ts'
import type { World } from './world.ts'

/** A relay's place in the world: processes come and go in it, one at a time. */
export class RelayPlace {
  readonly name: string
  /** The process there cannot reach the broker. */
  cutOff = false
  readonly #world: World
  #generation = 0
  #actor: Actor | null = null
  #relay: Relay | null = null
  #session = ''
  #sessions = 0
  #stopping: Promise<void> | null = null

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
  }

  get actor(): Actor | null {
    return this.#actor
  }

  /** Runs and is not on its way out. */
  get isUp(): boolean {
    return this.#actor?.alive === true && this.#stopping === null
  }

  get isGone(): boolean {
    return this.#actor?.alive !== true
  }

  start(): void {
    const world = this.#world
    const actor = world.scheduler.actor({ name: `${this.name}.${++this.#generation}`, weight: world.drawWeight() })
    this.#actor = actor
    this.#stopping = null
    const relay = this.#build(actor)
    this.#relay = relay
    relay.on('anomaly', ({ messages }) => world.referee.fail('anomaly', `${actor.name}: a sweep found ${messages}`))
    relay.on('error', (error) => this.#judge(actor, error))
    relay.on('retry', ({ message, delayMs, error }) => {
      if (actor.alive) world.witness.announceRetry(world.history.known(message.id), error, world.clock.now() + delayMs)
    })
    relay.on('circuitOpened', ({ topic }) => world.witness.seesTrouble(actor.name, topic))
    for (const name of [
      'joined',
      'leaseLost',
      'retry',
      'dead',
      'suspect',
      'circuitOpened',
      'brokerUnavailable',
    ] as const) {
      if (world.scheduler.trace)
        relay.on(name, (event) => world.referee.note(`${actor.name} ${name} ${describe(event)}`))
    }
    void relay.start().catch(() => undefined)
    world.onRelayStarted(actor)
    relay.closed.catch((error: unknown) => {
      if (actor.alive) world.referee.fail('no-stray-errors', `${actor.name} ended with ${String(error)}`)
    })
  }

  /** In good order. */
  stop(): Promise<void> {
    const actor = this.#actor
    if (actor === null || !actor.alive) return Promise.resolve()
    this.#stopping ??= this.#stop(actor)
    return this.#stopping
  }

  async #stop(actor: Actor): Promise<void> {
    this.#world.referee.note(`${actor.name} stops`)
    try {
      await this.#relay?.stop()
    } catch (error) {
      this.#judge(actor, error)
    }
    this.#world.connections.drop(actor)
    actor.kill()
  }

  kill(): void {
    const actor = this.#actor
    if (actor === null || !actor.alive) return
    this.#world.referee.note(`${actor.name} is KILLED`)
    actor.kill()
    this.#world.connections.drop(actor)
    this.#world.witness.crashes++
  }

  #build(actor: Actor): Relay {
    const { plan, database, connections, fates, history, server, referee, wakeups } = this.#world
    const options = {
      database,
      schedule: connections.scheduleOf(actor),
      monotonicNow: actor.runtime.now,
      sessionId: () => this.#newSession(actor),
      retentionMs: plan.relay.retentionMs,
    }
    const memory = memoryStorage(options)
    const storage: typeof memory = {
      ...memory,
      ...wakeups.of(actor),
      // The relay's own limit is larger than a batch here.
      claim: (session, { keyLimit, ...request }) =>
        memory.claim(session, keyLimit === undefined ? request : { ...request, keyLimit: plan.relay.keyLimit }),
    }
    const publisher = simulatedPublisher({
      actor,
      server,
      fates,
      history,
      atomicPerKey: plan.broker.atomicPerKey,
      isCutOff: () => this.cutOff,
      onStart: (messages) => {
        const relay = { name: actor.name, session: this.#session }
        referee.check(() => checkPublishStart(lookAtStart(this.#world, relay, messages)))
      },
      explode: () => this.#world.explode(this),
    })
    const { leaseMs, publishTimeoutMs, pollIntervalMs, idlePollIntervalMs, batchSize, maxBatchBytes } = plan.relay
    return new Relay({
      storage,
      publisher,
      label: actor.name,
      leaseMs,
      publishTimeoutMs,
      pollIntervalMs,
      idlePollIntervalMs,
      batchSize,
      maxBatchBytes,
      maxCrashes: plan.relay.maxCrashes,
      retry: exponential({ baseMs: plan.relay.retryBaseMs, maxMs: 400, maxAttempts: plan.relay.maxAttempts }),
      shutdownTimeoutMs: leaseMs * 3,
      environment: {},
      runtime: actor.runtime,
    })
  }

  #newSession(actor: Actor): string {
    this.#session = `${actor.name}:${++this.#sessions}`
    return this.#session
  }

  #judge(actor: Actor, error: unknown): void {
    if (!actor.alive) return
    this.#world.referee.note(`${actor.name} reports ${String(error)}`)
    if (WaybillError.isInstance(error) || error instanceof BrokenClient) return
    const stack = error instanceof Error ? error.stack : String(error)
    this.#world.referee.fail('no-stray-errors', `${actor.name} reports an error of no known type: ${stack}`)
  }
}

function describe(event: object): string {
  return JSON.stringify(event, (key, value: unknown) => {
    if (key === 'payload' || key === 'headers') return undefined
    return key === 'message' && typeof value === 'object' ? (value as Message).id : value
  })
}
