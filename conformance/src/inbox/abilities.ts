import type { CommandStorage, CrashMarks, InboxDeadLetters, InboxStorage, TransitionLog } from '@waybill/core/contracts'
import type { Requirement } from '../rule.ts'
import type { OpaqueTransaction } from '../transaction.ts'
import type { AnyInboxHarness, InboxConnection } from './harness.ts'
import { otherProcess } from './record.rules.ts'

type Tx = OpaqueTransaction
type Ability = 'crashes' | 'deadLetters' | 'commands' | 'transitions'

/** What not every inbox has, with what rules need to work with it. */
export interface Able<Role> extends InboxConnection<Tx> {
  readonly role: Role
  /** The same in another process, where the harness has one. */
  other(): Promise<Able<Role>>
}

export type CrashMarkers = Able<CrashMarks<Tx>>
export type Letters = Able<InboxDeadLetters<Tx>>
export type Commands = Able<CommandStorage<Tx>>
export type Transitions = Able<TransitionLog<Tx>>

export const crashMarks: Requirement<AnyInboxHarness, CrashMarkers> = ability(
  'crashes',
  'crashes (marks of handlers that were begun)',
)
export const deadLetters: Requirement<AnyInboxHarness, Letters> = ability(
  'deadLetters',
  'deadLetters (in the database of the consumer)',
)
export const commands: Requirement<AnyInboxHarness, Commands> = ability('commands', 'commands (results of commands)')
export const transitions: Requirement<AnyInboxHarness, Transitions> = ability(
  'transitions',
  'transitions (a log of states)',
)

/** Two transactions that write can be open at the same time. */
export const severalWriters: Requirement<AnyInboxHarness, true> = {
  name: 'several writers at a time (it states oneWriter)',
  find: ({ oneWriter }) => (oneWriter === true ? undefined : true),
}

function ability<Name extends Ability>(
  which: Name,
  name: string,
): Requirement<AnyInboxHarness, Able<NonNullable<InboxStorage<Tx>[Name]>>> {
  return {
    name,
    find(harness) {
      const withRole = (connection: InboxConnection<Tx>): Able<NonNullable<InboxStorage<Tx>[Name]>> | undefined => {
        const role = connection.inbox[which]
        if (role === undefined) return undefined
        const { inbox, runner } = connection
        const other = async () => withRole(await otherProcess(harness)) ?? { inbox, runner, role, other }
        return { inbox, runner, role, other }
      }
      return withRole(harness)
    },
  }
}
