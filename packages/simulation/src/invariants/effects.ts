import type { InboxDeadReason } from '@waybill/core/contracts'
import type { MessageRecord } from '../history/records.ts'
import { Violation } from '../violation.ts'

/** One run of a handler for one message. */
export interface HandlerRun {
  readonly consumer: string
  readonly message: MessageRecord
  /** What became of its transaction. */
  readonly state: 'open' | 'committed' | 'rolled-back'
  readonly threw: boolean
  /** Its effect stands in the database. */
  readonly hasEffect: boolean
}

/** What the broker has for a consumer, in order of first acceptance. */
export interface ConsumedMessage {
  readonly consumer: string
  readonly message: MessageRecord
  /** The consumer gave it up at least once. */
  readonly rejected: boolean
  /** It stands among the dead letters, for this reason. */
  readonly letter: InboxDeadReason | null
  /** Its handler ends the process, or something else may end consumers too. */
  readonly mayCrash: boolean
  /** The inbox has a receipt. */
  readonly receipt: boolean
}

/** Call it when all deliveries have been answered. `runs` in the order of their ends. */
export function checkEffects(runs: readonly HandlerRun[], consumed: readonly ConsumedMessage[]): void {
  const effects = new Map<MessageRecord, number>()
  for (const run of runs) {
    checkRun(run)
    if (run.hasEffect) effects.set(run.message, (effects.get(run.message) ?? 0) + 1)
  }
  for (const item of consumed) checkConsumed(item, effects.get(item.message) ?? 0)
  checkEffectsOrder(runs, consumed)
}

function checkRun({ consumer, message, state, threw, hasEffect }: HandlerRun): void {
  const run = `a handler of ${consumer} for '${message.id}'`
  if (state === 'open') throw new Violation('effects-once', `${run} never ended`)
  if (threw && hasEffect) throw new Violation('effects-once', `${run} threw and has an effect`)
  if (hasEffect === (state === 'committed')) return
  throw new Violation('effects-once', `${run} is ${state}; effect: ${hasEffect}`)
}

function checkConsumed({ consumer, message, letter, mayCrash, receipt }: ConsumedMessage, effects: number): void {
  if (letter === 'crashes' && !mayCrash) {
    throw new Violation('innocents', `${consumer} has given up '${message.id}' for crashes that are not its own`)
  }
  if (effects !== 1 && !(effects === 0 && letter !== null)) {
    throw new Violation('effects-once', `${consumer} has applied '${message.id}' ${effects} times`)
  }
  if (receipt !== (effects === 1)) {
    const explanation = `${consumer} has applied '${message.id}' ${effects} times; receipt: ${receipt}`
    throw new Violation('effects-once', explanation)
  }
}

/** Within a key effects come in the order of the log, save those of messages that were given up meanwhile. */
function checkEffectsOrder(runs: readonly HandlerRun[], consumed: readonly ConsumedMessage[]): void {
  const givenUp = new Set(consumed.filter(({ rejected }) => rejected).map(({ message }) => message))
  const latest = new Map<string, MessageRecord>()
  for (const { consumer, message, hasEffect } of runs) {
    if (!hasEffect || givenUp.has(message)) continue
    const before = latest.get(message.scope)
    if (before !== undefined && before.firstAcceptedAt > message.firstAcceptedAt) {
      throw new Violation('effects-order', `${consumer} has applied '${before.id}' before '${message.id}'`)
    }
    latest.set(message.scope, message)
  }
}
