import type { LaneTransaction } from '@waybill/core/lanes'
import { notWritten } from './not-written.ts'

/** Steps of a transaction on the tables around the messages. Give this function your transaction. */
export function acmeLaneTransaction(): LaneTransaction {
  return { ...relaySteps(), ...keySteps(), ...rowSteps() }
}

type RelaySteps = 'now' | 'holdRelay' | 'relays' | 'removeRelay' | 'trustRelay' | 'owners' | 'assign' | 'setWindow'

function relaySteps(): Pick<LaneTransaction, RelaySteps> {
  return {
    now: () => step('now', "answer the database's clock, in milliseconds since the epoch"),
    holdRelay: () => step('holdRelay', "tell whether the relay's row is there, and hold it against removal"),
    relays: () =>
      step('relays', 'answer all relays; a lease that lies in the past or further ahead than leaseMs has expired'),
    removeRelay: () => step('removeRelay', "remove the relay's row"),
    trustRelay: () => step('trustRelay', 'mark the relay as trusted'),
    owners: () => step('owners', 'answer the owner of each of the 64 lanes, null for a free one'),
    assign: () => step('assign', 'give these lanes to the owner, or free them for null'),
    setWindow: () => step('setWindow', "replace the relay's window"),
  }
}

type KeySteps = 'holds' | 'putHolds' | 'removeHolds' | 'suspects' | 'putSuspects' | 'removeSuspects'

function keySteps(): Pick<LaneTransaction, KeySteps> {
  return {
    holds: () => step('holds', 'answer the holds of these lanes'),
    putHolds: () => step('putHolds', 'insert or replace holds, one for each topic and key'),
    removeHolds: () => step('removeHolds', 'remove the hold of each key of which head is still the head'),
    suspects: () => step('suspects', 'answer the suspects of these lanes'),
    putSuspects: () => step('putSuspects', 'insert or replace suspects, one for each position'),
    removeSuspects: () => step('removeSuspects', 'remove the suspects at these positions'),
  }
}

function rowSteps(): Pick<LaneTransaction, 'pending' | 'retry' | 'bury'> {
  return {
    pending: () => step('pending', 'answer those of the positions that are pending, by position'),
    retry: () => step('retry', 'write attempts, crashes and error to those rows that are pending'),
    bury: () => step('bury', 'make those rows DEAD that are pending, with reason, error and the time'),
  }
}

function step(name: keyof LaneTransaction, duty: string): Promise<never> {
  return notWritten(`LaneTransaction.${name}`, duty)
}
