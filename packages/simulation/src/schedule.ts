import { Random } from './random.ts'
import { Scheduler } from './scheduler/scheduler.ts'
import { type Invariant, Violation } from './violation.ts'
import { crashLoop, tempt } from './world/fate.ts'
import { describePending, takeLastLook } from './world/last-look.ts'
import { operate } from './world/operator.ts'
import { drawPlan, type Plan } from './world/plan.ts'
import { produce } from './world/producer.ts'
import { World } from './world/world.ts'

export interface ScheduleOptions {
  readonly seed: number
  /** Gets every step and what comes of it, for people. */
  readonly trace?: (line: string) => void
}

export interface ScheduleResult {
  readonly seed: number
  readonly violation: { readonly invariant: Invariant; readonly explanation: string } | null
  readonly messages: number
  readonly steps: number
  readonly crashed: boolean
  readonly lanesMoved: boolean
  readonly interleaved: boolean
}

const mainLimits = { maxSteps: 40_000, maxTime: 60_000 }
const settlingLimits = { maxSteps: 60_000, maxTime: 600_000 }

/** Runs the schedule that a seed stands for. The same seed gives the same schedule, step by step. */
export async function runSchedule({ seed, trace }: ScheduleOptions): Promise<ScheduleResult> {
  const random = new Random(seed)
  const plan = drawPlan(random.fork())
  trace?.(`seed ${seed}, plan ${JSON.stringify(plan)}`)
  const scheduler = new Scheduler({ random: random.fork(), ...(trace ? { trace } : {}) })
  const world = new World(plan, scheduler, random.fork())
  const violation = await runWorld(world, plan)
  return {
    seed,
    violation: violation && { invariant: violation.invariant, explanation: violation.message },
    messages: world.history.messages.size,
    steps: scheduler.taken,
    crashed: world.witness.crashes > 0,
    lanesMoved: world.witness.moves > 0,
    interleaved: world.history.interleaved > 0,
  }
}

async function runWorld(world: World, plan: Plan): Promise<Violation | null> {
  const stray = (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (world.scheduler.current?.alive !== false) world.referee.fail('no-stray-errors', `unhandled rejection: ${text}`)
  }
  process.on('unhandledRejection', stray)
  world.scheduler.afterStep = () => {
    world.referee.check(() => world.witness.look())
    world.connections.adopt(world.scheduler.current)
    world.handlerRuns.look()
    if (world.referee.violation !== null) throw world.referee.violation
  }
  try {
    await runPhases(world, plan)
    return world.referee.violation
  } catch (error) {
    if (error instanceof Violation) return error
    throw error
  } finally {
    process.off('unhandledRejection', stray)
  }
}

async function runPhases(world: World, plan: Plan): Promise<void> {
  const producing = begin(world, plan)
  const produced = await world.scheduler.run({ ...mainLimits, until: () => producing.left === 0 })
  if (produced !== 'done') throw new Violation('liveness', `producers never came to an end (${produced})`)
  world.settle()
  const settled = await world.scheduler.run({ ...settlingLimits, until: () => world.isQuiet })
  if (settled !== 'done') throw new Violation('liveness', `${describePending(world)} (${settled})`)
  let stopped = false
  const stopping = world.stop().then(() => {
    stopped = true
  })
  const end = await world.scheduler.run({ ...settlingLimits, until: () => stopped })
  if (end !== 'done') throw new Violation('liveness', `the relays did not stop (${end})`)
  await stopping
  await takeLastLook(world)
}

function begin(world: World, plan: Plan): { left: number } {
  const { random, scheduler, connections } = world
  connections.faultChance = plan.trouble.storageFaults
  void tempt(world, random.fork())
  const producing = { left: plan.producers }
  for (let index = 1; index <= plan.producers; index++) {
    const actor = scheduler.actor({ name: `producer-${index}`, weight: world.drawWeight() })
    void produce(world, actor, random.fork()).then(() => producing.left--)
  }
  for (const [index, place] of world.relays.entries()) {
    if (index === 0 || random.chance(0.5)) place.start()
    else world.restartLater(place)
  }
  for (const place of world.consumers) place.start()
  void operate(world, random.fork())
  if (plan.trouble.crashLoop) void crashLoop(world, random.fork())
  return producing
}
