import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { countPending, countRemembered, countWithoutEffect, gather } from './judge/gather.ts'
import { judge, type Verdict } from './judge/judge.ts'
import { type CrashReport, type Outcome, problemsOf, summarise } from './report.ts'
import { leaseMs, type RunOptions } from './run-options.ts'
import { type Stage, setUp } from './stage.ts'
import { TearDown } from './tear-down.ts'

const lookEveryMs = 100

/**
 * Lets producers commit, relays publish, and all that can befall relays befall them, until every message has been finished;
 * then judges. Takes down all that it has set up, also when it fails.
 *
 * @throws ServerUnavailableError if there is no server; the signal's reason if the run was ended early.
 */
export async function run(options: RunOptions): Promise<Outcome> {
  const tearDown = new TearDown()
  let keepFolder = false
  try {
    const stage = await setUp(options, tearDown, () => keepFolder)
    const startedAt = performance.now()
    options.onStart(() => describe(stage, options))
    keepFolder = true
    await play(stage, options)
    const seconds = (performance.now() - startedAt) / 1000
    const { verdict, report } = await conclude(stage, options, seconds)
    const problems = problemsOf(verdict, report)
    keepFolder = options.keep || problems.length > 0
    return { report, problems, folder: keepFolder ? stage.folder : null }
  } catch (error) {
    keepFolder &&= !options.signal.aborted
    throw error
  } finally {
    await tearDown.run()
  }
}

/** Until there is nothing left to do for anybody. */
async function play(stage: Stage, { signal, patienceMs = 30_000 }: RunOptions): Promise<void> {
  const { producers, saboteur, operator, slots, crasher, consumers } = stage
  const attending = new AbortController()
  const sabotage = saboteur.run(AbortSignal.any([signal, attending.signal]))
  const operating = operator.run(attending.signal)
  try {
    const work = Promise.all([producers.done, sabotage])
    // The operator goes on until he is told to stop, unless he fails.
    await untilAborted(Promise.race([work, operating]), signal)
  } finally {
    attending.abort()
  }
  await operating
  if (crasher !== null) await untilAborted(crasher.close(), signal)
  let isFinished = await drained(stage, patienceMs, signal)
  while (isFinished && (await operator.redriveInnocents())) isFinished = await drained(stage, patienceMs, signal)
  if (isFinished) await lanesTakenOver(stage, patienceMs, signal)
  if (isFinished) await falls(() => countRemembered(stage.work.db), patienceMs, signal)
  for (const slot of slots) await untilAborted(slot.close(), signal)
  if (consumers.length > 0) await falls(() => countWithoutEffect(stage.work.db), patienceMs, signal)
  for (const slot of consumers) await untilAborted(slot.close(), signal)
}

/** Answers false if pending messages stay pending. */
async function drained({ work }: Stage, patienceMs: number, signal: AbortSignal): Promise<boolean> {
  return await falls(() => countPending(work.db), patienceMs, signal)
}

/** Lanes of relays that have died are taken by those that live. */
async function lanesTakenOver({ work: { db, now } }: Stage, patienceMs: number, signal: AbortSignal): Promise<boolean> {
  const stranded = async () => {
    const { rows } = await sql<{ count: number }>`select count(*) as count from waybill_lanes l
      left join waybill_relays r on r.id = l.owner where r.id is null or r.lease_until < ${now}`.execute(db)
    return Number(rows[0]?.count)
  }
  return await falls(stranded, patienceMs, signal)
}

/** Waits until a number is 0. Answers false if it has stayed the same for too long. */
async function falls(number: () => Promise<number>, patienceMs: number, signal: AbortSignal): Promise<boolean> {
  let last = Number.NaN
  let movedAt = performance.now()
  for (;;) {
    const current = await number()
    if (current === 0) return true
    if (current !== last) movedAt = performance.now()
    if (performance.now() - movedAt > patienceMs) return false
    last = current
    await wait(lookEveryMs, undefined, { signal })
  }
}

/** What fails after the signal is nobody's any more. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined)
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  signal.throwIfAborted()
  return await Promise.race([work, aborted])
}

async function conclude(
  stage: Stage,
  options: RunOptions,
  seconds: number,
): Promise<{ readonly verdict: Verdict; readonly report: CrashReport }> {
  const { work, broker, history, consumerPlan } = stage
  const { relays: lives } = history
  const orderedTopics = consumerPlan?.ordered ?? null
  const rowsKept = options.rows === 'kept'
  const evidence = await gather({ db: work.db, broker, lives, leaseMs, rowsKept, orderedTopics })
  const verdict = judge(evidence)
  await writeFile(
    join(stage.folder, 'evidence.json'),
    JSON.stringify({ ...evidence, lives: lives.map((life) => ({ ...life, unanswered: [...life.unanswered] })) }),
  )
  return { verdict, report: summarise({ stage, options, evidence, verdict, seconds }) }
}

function describe({ producers, saboteur, history, operator }: Stage, { messages, kills }: RunOptions): string {
  const { relays, consumers } = history
  const processes = `relays ${relays.length}${consumers.length > 0 ? `, consumers ${consumers.length}` : ''}`
  const troubles = `killed ${history.ended('killed')}/${kills}, frozen ${history.pauses}, crashed ${history.ended('crashed')}`
  const deeds = `deeds ${saboteur.done}/${saboteur.planned}`
  const restarts = history.brokerRestarts > 0 ? ` · broker restarted ${history.brokerRestarts}` : ''
  return `committed ${producers.committed}/${messages} · ${processes}: ${troubles} · ${deeds}${restarts} · redriven ${operator.redriven}`
}
