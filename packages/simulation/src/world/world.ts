import { laneOf } from '@waybill/core/lanes'
import { type MemoryDatabase, memoryDatabase } from '@waybill/memory'
import { BrokerLog } from '../broker/broker-log.ts'
import { ConsumerGroup } from '../broker/consumer-group.ts'
import { Fates } from '../broker/fates.ts'
import { BrokerServer } from '../broker/server.ts'
import { HandlerRuns } from '../history/handler-runs.ts'
import { History } from '../history/history.ts'
import type { Random } from '../random.ts'
import { Referee } from '../referee.ts'
import type { Actor } from '../scheduler/actor.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { Connections } from './connections.ts'
import { ConsumerPlace, consumedTopics } from './consumer-place.ts'
import { DatabaseClock } from './database-clock.ts'
import { lettersIn } from './letters.ts'
import type { Plan } from './plan.ts'
import { RelayPlace } from './relay-place.ts'
import { Wakeups } from './wakeups.ts'
import { Witness } from './witness.ts'

/** Where processes come and go. */
interface Place {
  readonly isGone: boolean
  start(): void
}

/** Everything that a schedule consists of. */
export class World {
  readonly plan: Plan
  readonly random: Random
  readonly scheduler: Scheduler
  readonly clock: DatabaseClock
  readonly database: MemoryDatabase
  readonly history: History = new History()
  readonly referee: Referee
  readonly connections: Connections
  readonly fates: Fates
  readonly log: BrokerLog
  readonly server: BrokerServer
  readonly witness: Witness
  readonly relays: readonly RelayPlace[]
  readonly group: ConsumerGroup
  readonly consumers: readonly ConsumerPlace[]
  readonly handlerRuns: HandlerRuns
  readonly wakeups: Wakeups
  /** Published messages may be gone from the outbox. */
  pruned: boolean
  /** The database operator, the network and fate. */
  readonly fate: Actor
  /** No trouble begins any more. */
  settling = false
  /** The operator is at work. */
  operating = false
  onRelayStarted: (actor: Actor) => void = () => undefined
  #closing = false

  constructor(plan: Plan, scheduler: Scheduler, random: Random) {
    this.plan = plan
    this.pruned = plan.relay.retentionMs < 86_400_000
    this.scheduler = scheduler
    this.random = random
    this.clock = new DatabaseClock(scheduler)
    this.database = memoryDatabase({ now: this.clock.now })
    this.referee = new Referee(this.history, scheduler)
    this.fate = scheduler.actor({ name: 'fate' })
    this.connections = new Connections({
      database: this.database,
      random: random.fork(),
      onStep: (step) => this.witness.storageStep(step),
    })
    this.fates = new Fates(plan.broker, random.fork(), this.history)
    this.log = new BrokerLog(this.referee, () => !plan.calm)
    const broker = scheduler.actor({ name: 'broker', weight: 2 })
    this.server = new BrokerServer({ actor: broker, log: this.log, fates: this.fates, history: this.history })
    this.witness = new Witness({
      database: this.database,
      scheduler,
      referee: this.referee,
      circumstances: () => ({
        latestDbTime: this.clock.latest,
        maxCrashes: plan.relay.maxCrashes,
        onlyBombsEndRelays: plan.onlyBombsEndRelays,
      }),
      usedLanes: new Set(Array.from({ length: plan.keys }, (_, key) => laneOf(`k${key}`))),
    })
    this.handlerRuns = new HandlerRuns(this.database, this.history)
    this.group = new ConsumerGroup({
      log: this.log,
      topics: consumedTopics,
      broker,
      random: random.fork(),
      onRejected: (messageId) => this.handlerRuns.rejected(messageId),
      note: (line) => this.referee.note(line),
    })
    if (plan.consumers > 0) this.log.onAccepted = () => this.group.deliver()
    this.consumers = Array.from(
      { length: plan.consumers },
      (_, index) => new ConsumerPlace(this, `consumer-${index + 1}`, random.fork()),
    )
    this.wakeups = new Wakeups(plan.relay.wakeups, random)
    this.relays = Array.from({ length: plan.relays }, (_, index) => new RelayPlace(this, `relay-${index + 1}`))
  }

  get wantsMessages(): boolean {
    return this.history.messages.size < this.plan.messages && !this.settling
  }

  /** Some processes are much slower than others. */
  drawWeight(): number {
    return this.plan.calm || this.plan.onlyBombsEndRelays ? 1 : this.random.pick([0.2, 1, 1, 1, 3])
  }

  /** A relay process ends at once, and comes back. */
  explode(place: RelayPlace): void {
    place.kill()
    this.restartLater(place)
  }

  /** A handler has ended its process. */
  explodeConsumer(actor: Actor): void {
    const place = this.consumers.find((each) => each.actor === actor)
    if (place === undefined) return
    place.kill()
    this.restartLater(place)
  }

  restartLater(place: Place): void {
    const { leaseMs } = this.plan.relay
    const delay = this.random.between(1, this.random.chance(0.5) ? Math.ceil(leaseMs / 4) : leaseMs * 2)
    this.fate.runtime.setTimeout(() => {
      if (place.isGone && !this.#closing) place.start()
    }, delay)
  }

  /** No trouble any more: whoever is dead, paused or cut off comes back. */
  settle(): void {
    this.referee.note('from here on nothing goes wrong that messages do not cause')
    this.settling = true
    this.fates.calm = true
    this.fates.closedTopics.clear()
    this.connections.faultChance = 0
    for (const { actor } of [...this.relays, ...this.consumers]) {
      if (actor === null) continue
      actor.trap = null
      actor.thaw()
    }
    for (const place of this.relays) {
      place.cutOff = false
      if (place.isGone) place.start()
    }
    for (const place of this.consumers) if (place.isGone) place.start()
  }

  get isQuiet(): boolean {
    const { pending, due, scheduled } = this.database.messages
    if (pending.size + due.size + scheduled.size + this.server.underway > 0 || this.operating) return false
    if (this.plan.consumers === 0) return true
    return (
      this.group.isQuiet && this.handlerRuns.areOver && lettersIn(this.database).every(({ dueAt }) => dueAt === null)
    )
  }

  async stop(): Promise<void> {
    this.#closing = true
    await Promise.all([...this.relays, ...this.consumers].map((place) => place.stop()))
  }
}
