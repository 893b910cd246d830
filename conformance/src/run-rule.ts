import { Timeline } from './eventually.ts'
import { type Harness, type HarnessFactory, type Rule, type RuleLevel, unmet } from './rule.ts'

/** What came of one rule. */
export interface RuleResult {
  readonly id: string
  readonly level: RuleLevel
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, or what failed. */
  readonly reason?: string
  /** What `verify` (or the harness) threw. */
  readonly error?: unknown
  readonly durationMs: number
}

/** A rule that is left out, and why. */
export interface Skip {
  readonly rule: string
  readonly reason: string
}

export interface RunOptions {
  /** Rules left out, each with its reason. An unknown id is a mistake and throws. */
  readonly skip?: readonly Skip[]
  /** Repetitions of the stress rules. Absent or 0: they are skipped, and reported so. */
  readonly stress?: number
  /** A rule that takes longer, in milliseconds of real time, has failed (four times that when repeated). @default 15000 */
  readonly timeoutMs?: number
}

/** Runs one rule against a harness of its own. Never rejects for the adapter's sake. */
export async function runRule<H extends Harness>(
  rule: Rule<H>,
  createHarness: HarnessFactory<H>,
  options: RunOptions = {},
): Promise<RuleResult> {
  const started = performance.now()
  const conclude = (outcome: Pick<RuleResult, 'result' | 'reason' | 'error'>): RuleResult => ({
    id: rule.id,
    level: rule.level,
    ...outcome,
    durationMs: performance.now() - started,
  })
  const reason = reasonToSkip(rule, options)
  if (reason !== undefined) return conclude({ result: 'skipped', reason })
  try {
    const missing = await verifyAtFairPace(rule, createHarness, options)
    if (missing.length > 0)
      return conclude({ result: 'skipped', reason: `the harness has no ${missing.join(', no ')}` })
    return conclude({ result: 'passed' })
  } catch (error) {
    return conclude({ result: 'failed', reason: shortened(error), error })
  }
}

export interface VerifyOptions extends RunOptions {
  /** Told of every result as it comes. */
  readonly onResult?: (result: RuleResult) => void
}

/** Runs rules one after the other. */
export async function runRules<H extends Harness>(
  rules: readonly Rule<H>[],
  createHarness: HarnessFactory<H>,
  options: VerifyOptions = {},
): Promise<readonly RuleResult[]> {
  checkSkips(rules, options.skip ?? [])
  const results: RuleResult[] = []
  for (const rule of rules) {
    const result = await runRule(rule, createHarness, options)
    options.onResult?.(result)
    results.push(result)
  }
  return results
}

/** Throws on skips of rules that do not exist: they hide that a rule was renamed, or was never run. */
export function checkSkips(rules: readonly Pick<Rule<never>, 'id'>[], skips: readonly Skip[]): void {
  const unknown = skips.filter((skip) => !rules.some((rule) => rule.id === skip.rule)).map((skip) => skip.rule)
  if (unknown.length > 0) throw new RangeError(`cannot skip what is no rule: ${unknown.join(', ')}`)
}

function reasonToSkip(rule: Pick<Rule<never>, 'id' | 'level'>, options: RunOptions): string | undefined {
  const skip = options.skip?.find((each) => each.rule === rule.id)
  if (skip !== undefined) return skip.reason
  return rule.level === 'stress' && !options.stress
    ? 'stress rules run when `stress` says how many repetitions'
    : undefined
}

/** Assertions show whole objects; the first lines say what was wrong. */
function shortened(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}

/** Longer than this, in milliseconds, a machine must not stand still while a rule judges leases in real time. */
const fairGapMs = 200

/** How much slower a rule is repeated if the machine stood still. */
const slowPace = 4

/**
 * In real time, a machine that stands still for a while lets leases end that a healthy process would have renewed. What
 * fails then is judged again, on a fresh harness with longer leases.
 */
async function verifyAtFairPace<H extends Harness>(
  rule: Rule<H>,
  createHarness: HarnessFactory<H>,
  options: RunOptions,
): Promise<readonly string[]> {
  try {
    return await verifyOnce(rule, createHarness, options)
  } catch (error) {
    if (!(error instanceof UnfairFailure)) throw error
    return await verifyOnce(rule, createHarness, { ...options, pace: slowPace })
  }
}

/** A failure while the machine stood still. */
class UnfairFailure extends Error {}

async function verifyOnce<H extends Harness>(
  rule: Rule<H>,
  createHarness: HarnessFactory<H>,
  options: RunOptions & { readonly pace?: number },
): Promise<readonly string[]> {
  const harness = await createHarness(rule.id)
  const missing = await judge(rule, harness, options).catch(async (error: unknown) => {
    // What the rule found comes first: an adapter that is broken can often not be closed either.
    await harness.close().catch(() => undefined)
    throw error
  })
  await harness.close()
  return missing
}

async function judge<H extends Harness>(
  rule: Rule<H>,
  harness: H,
  { pace = 1, stress = 1, timeoutMs = 15_000 }: RunOptions & { readonly pace?: number },
): Promise<readonly string[]> {
  const time = new Timeline(harness.time, pace)
  try {
    const missing = unmet(rule, harness)
    if (missing.length > 0) return missing
    await withTimeout(rule.verify(harness, { time, repetitions: stress }), timeoutMs * pace)
    return []
  } catch (error) {
    const isFair = harness.time !== undefined || pace > 1 || time.longestGapMs <= fairGapMs
    throw isFair ? error : new UnfairFailure('the machine stood still', { cause: error })
  }
}

async function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error(tooLate(timeoutMs))), timeoutMs)
  try {
    await Promise.race([work, timeout.promise])
  } finally {
    clearTimeout(timer)
  }
}

function tooLate(timeoutMs: number): string {
  return `took longer than ${timeoutMs} ms: a call of the adapter, or of a role of the harness, has not come to an end`
}
