import { type MemoryStorage, memoryInbox, memoryStorage } from '@waybill/memory'
import type { Random } from '../random.ts'
import type { World } from './world.ts'

/** Redrives and discards dead letters and prunes history while relays run. */
export async function operate(world: World, random: Random): Promise<void> {
  const { redrives, discards, prunes } = world.plan.trouble
  const works = [
    ...(redrives ? [redrive, redriveLetters] : []),
    ...(discards ? [discard] : []),
    ...(prunes ? [prune] : []),
  ]
  if (works.length === 0) return
  const actor = world.scheduler.actor({ name: 'operator' })
  const schedule = world.connections.scheduleOf(actor)
  const storage = memoryStorage({ database: world.database, schedule })
  while (!world.settling) {
    await actor.sleep(random.between(50, 500))
    const work = random.pick(works)
    world.operating = true
    try {
      if (!world.settling) await work?.({ world, random, storage })
    } catch (error) {
      // The storage may fail; the operator tries something else.
      world.referee.note(`operator: ${String(error)}`)
    }
    world.operating = false
  }
}

interface Operation {
  readonly world: World
  readonly random: Random
  readonly storage: MemoryStorage
}

async function redrive({ world, random, storage }: Operation): Promise<void> {
  const [letter] = await storage.deadLetters.list()
  if (letter === undefined) return
  world.referee.note(`operator redrives`)
  await storage.deadLetters.redrive(random.chance(0.5) ? { ids: [letter.message.id] } : { all: true })
}

/** Of consumers, which take them back while they handle what is delivered. */
async function redriveLetters({ world, random }: Operation): Promise<void> {
  const { deadLetters } = memoryInbox({ database: world.database })
  const [letter] = await deadLetters.list()
  if (letter === undefined) return
  world.referee.note('operator redrives dead letters of consumers')
  await deadLetters.redrive(random.chance(0.5) ? { keys: [letter.receipt.key] } : { all: true })
}

async function discard({ world, storage }: Operation): Promise<void> {
  const [letter] = await storage.deadLetters.list({ limit: 1 })
  if (letter === undefined) return
  world.history.known(letter.message.id).discardAsked = true
  world.referee.note(`operator discards '${letter.message.id}'`)
  await storage.deadLetters.discard({ ids: [letter.message.id] })
}

async function prune({ world, random, storage }: Operation): Promise<void> {
  world.pruned = true
  await storage.prune({ olderThanMs: random.integer(300), batchSize: random.between(1, 5) })
}
