import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'
import { soonOrNow, type Trouble } from './trouble.ts'
import type { World } from './world.ts'

export const killOne: Trouble = (world, random) => {
  const place = random.pick(world.relays.filter(({ isGone }) => !isGone))
  if (place?.actor != null) soonOrNow(random, place.actor, () => world.explode(place))
}

export const pauseOne: Trouble = (world, random) => {
  const actor = random.pick(world.relays)?.actor
  if (actor == null || actor.frozen || !actor.alive) return
  soonOrNow(random, actor, () => freeze(world, random, actor))
}

export const dismissOne: Trouble = (world, random) => {
  const place = random.pick(world.relays.filter(({ isUp, actor }) => isUp && actor?.frozen === false))
  if (place === undefined) return
  void place.stop().then(() => world.restartLater(place))
}

export const killConsumer: Trouble = (world, random) => {
  const place = random.pick(world.consumers.filter(({ isGone }) => !isGone))
  if (place === undefined) return
  place.kill()
  world.restartLater(place)
}

export const pauseConsumer: Trouble = (world, random) => {
  const place = random.pick(world.consumers)
  const actor = place?.actor
  if (actor == null || actor.frozen || !actor.alive) return
  freeze(world, random, actor)
  place?.leaveGroupLater()
}

export const dismissConsumer: Trouble = (world, random) => {
  const place = random.pick(world.consumers.filter(({ isGone, actor }) => !isGone && actor?.frozen === false))
  if (place !== undefined) void place.stop().then(() => world.restartLater(place))
}

export const rebalance: Trouble = (world) => world.group.rebalance()

function freeze(world: World, random: Random, actor: Actor): void {
  const { leaseMs } = world.plan.relay
  const { runtime } = world.fate
  world.referee.note(`${actor.name} is PAUSED`)
  actor.freeze()
  runtime.setTimeout(() => actor.thaw(), random.between(Math.ceil(leaseMs / 2), leaseMs * 3))
  // The server ends the connection of a client that keeps a transaction open and does nothing.
  runtime.setTimeout(() => actor.frozen && world.connections.drop(actor), random.between(10, Math.ceil(leaseMs / 2)))
}
