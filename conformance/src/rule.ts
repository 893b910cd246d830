import { AssertionError } from 'node:assert/strict'
import type { TimeControl, Timeline } from './eventually.ts'

/**
 * How much a rule binds.
 *
 * - `required`: an adapter that fails it is broken.
 * - `provisional`: new; runs and is reported, and fails nothing until the next major version.
 * - `stress`: repetitions under concurrency; runs when `stress` says how many.
 * - `fault`: needs a harness that can disturb the server (`disrupt`).
 */
export type RuleLevel = 'required' | 'provisional' | 'stress' | 'fault'

/** What every harness has. A harness is one fresh, isolated instance; each rule gets its own. */
export interface Harness {
  /** A virtual clock, if the adapter runs by one. Absent: rules wait in real time, with short leases and delays. */
  readonly time?: TimeControl
  /** Takes away everything that the harness made, whatever state the rule left it in. */
  close(): Promise<void>
}

/** Makes a harness for one rule. The id serves for names (of a schema, a topic, a file). */
export type HarnessFactory<H> = (rule: string) => Promise<H>

export interface RuleContext {
  readonly time: Timeline
  /** How often stress rules repeat themselves. */
  readonly repetitions: number
}

/** Something that not every adapter or harness has. A rule without it is reported as skipped, with this name. */
export interface Requirement<in H, out Role = unknown> {
  readonly name: string
  find(harness: H): Role | undefined
}

/** One thing that an adapter must do, and how to find out whether it does. */
export interface Rule<in H> {
  /** `operation/behaviour`, stable for ever. */
  readonly id: string
  readonly level: RuleLevel
  /** Subject and MUST, MUST NOT or SHOULD. */
  readonly statement: string
  /** Which failure in the field this prevents. */
  readonly intent: string
  readonly requires?: readonly Requirement<H>[]
  /** Rejects if the rule is broken. */
  verify(harness: H, context: RuleContext): Promise<void>
}

/** The role that a rule has declared in `requires`. */
export function need<H, Role>(harness: H, requirement: Requirement<H, Role>): Role {
  const found = requirement.find(harness)
  if (found === undefined)
    throw new AssertionError({ message: `the rule uses ${requirement.name} without declaring it in requires` })
  return found
}

/** Names of what the harness lacks of what the rule needs. */
export function unmet<H>(rule: Rule<H>, harness: H): readonly string[] {
  return (rule.requires ?? []).filter((each) => each.find(harness) === undefined).map((each) => each.name)
}
