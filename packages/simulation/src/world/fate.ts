import type { Random } from '../random.ts'
import { closeTopic, cutOff } from './broker-troubles.ts'
import { failOver, failOverSoon, setClock } from './database-troubles.ts'
import {
  dismissConsumer,
  dismissOne,
  killConsumer,
  killOne,
  pauseConsumer,
  pauseOne,
  rebalance,
} from './process-troubles.ts'
import type { Trouble } from './trouble.ts'
import type { World } from './world.ts'

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
