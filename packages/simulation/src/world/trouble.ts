import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'
import type { World } from './world.ts'

/** Something that can happen to the world. */
export type Trouble = (world: World, random: Random) => void

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
  'transaction:putHolds',
  'transaction:commit',
  'transaction:reply',
  'renew',
  'renew:reply',
]

/** Now, or when the actor comes to such a step. */
export function soonOrNow(random: Random, actor: Actor, spring: () => void): void {
  if (random.chance(0.4)) spring()
  else actor.trap = { step: random.pick(tenderSteps) ?? 'read', spring }
}
