import type { PruneOptions } from './outbox-admin.ts'

/** What makes a command the same command. */
export interface CommandKey {
  /** Keys of different scopes are different commands, for example `POST /orders` of one customer. */
  readonly scope: string
  readonly key: string
}

export interface CommandClaimRequest extends CommandKey {
  /** Hash of what was asked for: a key that comes back with another one is a mistake of the client. */
  readonly fingerprint: string
  /** How long the result is kept, in milliseconds by the database's clock. After that the key is new. */
  readonly retentionMs: number
  /** What to do while another transaction has claimed the same command and is still open. */
  readonly whenBusy: 'wait' | 'refuse'
}

export type CommandClaim =
  /** Nobody has done it: it is this transaction's to do. */
  | { readonly type: 'new' }
  | { readonly type: 'done'; readonly fingerprint: string; readonly result: string }
  /** Another transaction is at it; only with `refuse`. */
  | { readonly type: 'busy' }

/** Results of commands, written in the transaction that carries them out. Rules: `command/*`. */
export interface CommandStorage<in Tx> {
  /**
   * Claims a command in the caller's transaction, before its work.
   *
   * - Of two transactions at once, one gets `new`; the other waits and then gets `done`, or `new` if the first rolled back
   *   (`command/second-waits-for-the-first`); with `refuse` it gets `busy` at once, wherever two writers can be open at the
   *   same time, and its transaction stays usable (`command/refuses-at-once`).
   * - A rollback leaves nothing (`command/rolled-back-command-is-new`); what has expired is new (`command/expired-is-new`); so
   *   is what was claimed, committed and never completed.
   * - MUST refuse a handle that is not in a transaction with `TRANSACTION_REQUIRED`
   *   (`command/needs-a-transaction`).
   */
  claim(tx: Tx, request: CommandClaimRequest): Promise<CommandClaim>
  /** Writes the result of a command that this transaction has claimed; any text, kept bit for bit. */
  complete(tx: Tx, command: CommandKey, result: string): Promise<void>
  /** The result of a command whose transaction has committed, without waiting for anybody; `null`: none, or expired. */
  find(command: CommandKey): Promise<{ readonly fingerprint: string; readonly result: string } | null>
  /** Removes what has expired and is older than `olderThanMs`, in bounded transactions. Answers how many. */
  prune(options: PruneOptions): Promise<number>
}
