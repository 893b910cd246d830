import type { Death } from '../history/records.ts'
import { Violation } from '../violation.ts'
import { checkSpent } from './publish-start.ts'

export interface DeathCircumstances {
  readonly latestDbTime: number
  readonly maxCrashes: number
  /** Nothing but messages that kill their relay ends relays in this schedule. */
  readonly onlyBombsEndRelays: boolean
}

/** Call it when a message has become DEAD. */
export function checkDeath(death: Death, circumstances: DeathCircumstances): void {
  const { message, reason, attempts } = death
  checkSpent(message, attempts)
  switch (reason) {
    case 'attempts-exhausted':
      if (attempts < message.maxAttempts) {
        throw new Violation('attempts', `'${message.id}' died after ${attempts} of ${message.maxAttempts} attempts`)
      }
      break
    case 'expired':
      if (message.expiresAt === null || message.redriven > 0 || message.expiresAt > circumstances.latestDbTime) {
        throw new Violation('expiry', `'${message.id}' died as expired before its time`)
      }
      break
    case 'crashes':
      checkCrashes(death, circumstances)
      break
    case 'rejected':
      if (!message.refused)
        throw new Violation('attempts', `'${message.id}' died as rejected; the broker never said so`)
      break
    case 'oversized':
      throw new Violation('attempts', `'${message.id}' died as oversized; none is`)
  }
}

function checkCrashes({ message, crashes }: Death, { maxCrashes, onlyBombsEndRelays }: DeathCircumstances): void {
  if (onlyBombsEndRelays && message.nature !== 'bomb') {
    throw new Violation('innocents', `'${message.id}' died of crashes, and it never killed a relay`)
  }
  if (crashes >= maxCrashes && crashes <= message.endedAlone) return
  const explanation = `'${message.id}' died with ${crashes} crashes; ${message.endedAlone} relays ended publishing it alone`
  throw new Violation('crashes', explanation)
}
