import type { SqlDatabase } from '../executor.ts'
import type { Session } from './session.ts'

/**
 * What a relay and its operator do beside each other, each on a connection of its own. Writing the window waits for the disk,
 * which claims need not; a renewal must not wait for anything.
 */
export type SessionPurpose = 'claim' | 'window' | 'settle' | 'renew' | 'change' | 'admin'

/** The sessions of one storage. */
export interface Sessions {
  /** For relays. */
  readonly relay: SqlDatabase
  /** For operators, whose statements may take long. */
  readonly admin: SqlDatabase
  /** Where claims read. */
  readonly claiming: Session
  close(): Promise<void>
}

/** @param open - Makes a session whose connection is opened when it is first used. */
export function openSessions(open: (purpose: SessionPurpose) => Session): Sessions {
  const [claiming, marking, settling] = [open('claim'), open('window'), open('settle')]
  const [renewing, changing, administering] = [open('renew'), open('change'), open('admin')]
  return {
    claiming,
    relay: database(marking, changing, { lazy: settling, urgent: renewing }),
    admin: database(administering, administering, { lazy: administering, urgent: administering }),
    async close() {
      const all = [claiming, marking, settling, renewing, changing, administering]
      await Promise.all(all.map((session) => session.connector.close()))
    },
  }
}

function database(session: Session, transactions: Session, others: Pick<SqlDatabase, 'lazy' | 'urgent'>): SqlDatabase {
  return {
    execute: (statement) => session.execute(statement),
    transaction: (work) => transactions.transaction(work),
    ...others,
  }
}
