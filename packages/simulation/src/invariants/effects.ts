import type { MessageRecord } from '../history/records.ts'
import { Violation } from '../violation.ts'

/** One run of a handler for one message. */
export interface HandlerRun {
  readonly consumer: string
  readonly message: MessageRecord
  /** What became of its transaction. */
  readonly state: 'open' | 'committed' | 'rolled-back'
  /** Its effect stands in the database. */
  readonly hasEffect: boolean
}

/** What a consumer got from the broker, in order of first acceptance, and what became of it. */
export interface ConsumedMessage {
  readonly consumer: string
  readonly message: MessageRecord
  /** The consumer gave it up, and the broker put it away. */
  readonly rejected: boolean
}

/** Call it when all deliveries have been settled. */
export function checkEffects(runs: readonly HandlerRun[], consumed: readonly ConsumedMessage[]): void {
  const effects = new Map<string, number>()
  for (const run of runs) {
    checkRun(run)
    if (run.hasEffect) effects.set(nameOf(run), (effects.get(nameOf(run)) ?? 0) + 1)
  }
  for (const item of consumed) checkConsumed(item, effects.get(nameOf(item)) ?? 0)
}

function checkRun({ consumer, message, state, hasEffect }: HandlerRun): void {
  if (state === 'open') throw new Violation('effects-once', `a handler of ${consumer} for '${message.id}' never ended`)
  if (hasEffect === (state === 'committed')) return
  throw new Violation('effects-once', `a handler of ${consumer} for '${message.id}' is ${state}; effect: ${hasEffect}`)
}

function checkConsumed({ consumer, message, rejected }: ConsumedMessage, effects: number): void {
  if (effects === 1 || (effects === 0 && rejected)) return
  throw new Violation('effects-once', `${consumer} has applied '${message.id}' ${effects} times`)
}

function nameOf({ consumer, message }: { readonly consumer: string; readonly message: MessageRecord }): string {
  return `${consumer}\u0000${message.id}`
}
