import { failover } from '@waybill/memory'
import { effectTable } from '../history/handler-runs.ts'
import { Violation } from '../violation.ts'
import { businessTable } from './producer.ts'
import { soonOrNow, type Trouble } from './trouble.ts'
import type { World } from './world.ts'

export const setClock: Trouble = (world, random) => {
  const ms = random.between(10, random.chance(0.5) ? 100 : world.plan.relay.leaseMs * 3) * random.pick([1, -1])
  world.referee.note(`the database's clock JUMPS by ${ms} ms`)
  world.witness.leasesAreTrue = false
  world.clock.jump(ms)
  if (ms < 0) world.history.clockSetBack(world.clock.now())
}

export const failOverSoon: Trouble = (world, random) => {
  const actor = random.pick(world.relays)?.actor
  if (actor?.alive) soonOrNow(random, actor, () => failOver(world, random))
}

export const failOver: Trouble = (world, random) => {
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
