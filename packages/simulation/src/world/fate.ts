import { failover } from '@waybill/memory'
import { effectTable } from '../history/handler-runs.ts'
import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'
import { Violation } from '../violation.ts'
import { businessTable } from './producer.ts'
import type { World } from './world.ts'

type Trouble = (world: World, random: Random) => void

/** Does to the world what the plan allows, now and then, until it settles. */
export async function tempt(world: World, random: Random): Promise<void> {
  const troubles = troublesOf(world)
  if (troubles.length === 0) return
  const { leaseMs } = world.plan.relay
  const { often, failovers } = world.plan.trouble
  world.onRelayStarted = (actor) => {
    // Before its first read, it knows of no history.
    if (failovers && often && !world.settling && random.chance(0.4)) {
      actor.trap = { step: 'read', spring: () => failOver(world, random) }
    }
  }
  while (!world.settling) {
    await world.fate.sleep(random.between(Math.ceil(leaseMs / 10), often ? Math.ceil(leaseMs / 4) : leaseMs))
    if (!world.settling) random.pick(troubles)?.(world, random)
  }
}

function troublesOf(world: World): readonly Trouble[] {
  const { kills, pauses, leaves, failovers, clockJumps, consumerTrouble } = world.plan.trouble
  return [
    ...(kills ? [killOne, killOne] : []),
    ...(pauses ? [pauseOne, pauseOne] : []),
    ...(leaves ? [dismissOne] : []),
    ...(failovers ? [failOverSoon] : []),
    ...(clockJumps ? [setClock] : []),
    ...(world.plan.broker.outages ? [closeTopic, cutOff] : []),
    ...(consumerTrouble && world.consumers.length > 0 ? [killConsumer, pauseConsumer, dismissConsumer, rebalance] : []),
  ]
}

/** A relay that dies soon after each start. */
export async function crashLoop(world: World, random: Random): Promise<void> {
  const place = world.relays.at(-1)
  while (!world.settling && place !== undefined) {
    await world.fate.sleep(random.between(5, world.plan.relay.leaseMs))
    if (!world.settling && place.isUp) world.explode(place)
  }
}

const killOne: Trouble = (world, random) => {
  const place = random.pick(world.relays.filter(({ isGone }) => !isGone))
  if (place?.actor != null) soonOrNow(random, place.actor, () => world.explode(place))
}

/** What a relay is about to do when it is best to stop it. */
const tenderSteps = [
  'read',
  'read:reply',
  'barrier:writers',
  'mark',
  'mark:reply',
  'publishes',
  'hears from the broker',
  'publish',
  'publish:reply',
  'transaction',
  'transaction:holdRelay',
  'transaction:owners',
  'transaction:putHold',
  'transaction:commit',
  'transaction:reply',
  'renew',
  'renew:reply',
]

function soonOrNow(random: Random, actor: Actor, spring: () => void): void {
  if (random.chance(0.4)) spring()
  else actor.trap = { step: random.pick(tenderSteps) ?? 'read', spring }
}

const pauseOne: Trouble = (world, random) => {
  const actor = random.pick(world.relays)?.actor
  if (actor == null || actor.frozen || !actor.alive) return
  soonOrNow(random, actor, () => freeze(world, random, actor))
}

function freeze(world: World, random: Random, actor: Actor): void {
  const { leaseMs } = world.plan.relay
  const { runtime } = world.fate
  world.referee.note(`${actor.name} is PAUSED`)
  actor.freeze()
  runtime.setTimeout(() => actor.thaw(), random.between(Math.ceil(leaseMs / 2), leaseMs * 3))
  // The server ends the connection of a client that keeps a transaction open and does nothing.
  runtime.setTimeout(() => actor.frozen && world.connections.drop(actor), random.between(10, Math.ceil(leaseMs / 2)))
}

const killConsumer: Trouble = (world, random) => {
  const place = random.pick(world.consumers.filter(({ isGone }) => !isGone))
  if (place === undefined) return
  place.kill()
  world.restartLater(place)
}

const pauseConsumer: Trouble = (world, random) => {
  const place = random.pick(world.consumers)
  const actor = place?.actor
  if (actor == null || actor.frozen || !actor.alive) return
  freeze(world, random, actor)
  place?.leaveGroupLater()
}

const dismissConsumer: Trouble = (world, random) => {
  const place = random.pick(world.consumers.filter(({ isGone, actor }) => !isGone && actor?.frozen === false))
  if (place !== undefined) void place.stop().then(() => world.restartLater(place))
}

const rebalance: Trouble = (world) => world.group.rebalance()

const dismissOne: Trouble = (world, random) => {
  const place = random.pick(world.relays.filter(({ isUp, actor }) => isUp && actor?.frozen === false))
  if (place === undefined) return
  void place.stop().then(() => world.restartLater(place))
}

const closeTopic: Trouble = (world, random) => {
  const topic = random.pick(['orders', 'invoices'])
  const { closedTopics } = world.fates
  world.referee.note(`the topic ${topic} is CLOSED`)
  closedTopics.add(topic)
  world.fate.runtime.setTimeout(() => void closedTopics.delete(topic), random.between(20, 1500))
}

const cutOff: Trouble = (world, random) => {
  const place = random.pick(world.relays)
  if (place === undefined) return
  world.referee.note(`${place.name} is CUT OFF from the broker`)
  place.cutOff = true
  world.fate.runtime.setTimeout(
    () => {
      place.cutOff = false
    },
    random.between(20, 1000),
  )
}

const setClock: Trouble = (world, random) => {
  const ms = random.between(10, random.chance(0.5) ? 100 : world.plan.relay.leaseMs * 3) * random.pick([1, -1])
  world.referee.note(`the database's clock JUMPS by ${ms} ms`)
  world.witness.leasesAreTrue = false
  world.clock.jump(ms)
  if (ms < 0) world.history.clockSetBack(world.clock.now())
}

const failOverSoon: Trouble = (world, random) => {
  const actor = random.pick(world.relays)?.actor
  if (actor?.alive) soonOrNow(random, actor, () => failOver(world, random))
}

const failOver: Trouble = (world, random) => {
  if (world.settling) return
  world.referee.note('the database FAILS OVER')
  world.witness.leasesAreTrue = false
  failover(world.database, { survivors: random.integer(4) })
  world.referee.check(() => forgetLostCommits(world))
}

/** Commits that did not wait for the disk may be gone. Then nobody may have published them. */
function forgetLostCommits({ database, history }: World): void {
  const orders = database.read(businessTable)
  const effects = database.read(effectTable)
  for (const transaction of history.transactions) {
    if (transaction.state !== 'committed') continue
    if (orders.has(transaction.name) || effects.has(transaction.name)) continue
    if (transaction.durable) throw new Violation('no-loss', `a failover lost the durable ${transaction.name}`)
    transaction.state = 'forgotten'
    const published = transaction.messages.find(({ acceptances }) => acceptances > 0)
    if (published === undefined) continue
    throw new Violation('no-phantom', `a failover lost ${transaction.name}; its '${published.id}' was accepted before`)
  }
}
