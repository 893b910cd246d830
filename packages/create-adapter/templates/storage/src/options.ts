/**
 * What an open transaction is to your users: usually your driver's own type, in their hands between begin and commit. Put that
 * type here.
 */
export type AcmeTransaction = object

/** What the storage and the inbox are made of. Take a pool or a client that your users have, and open nothing they did not ask for. */
export interface AcmeOptions {
  /** How long published messages are kept, in milliseconds, until `publish` of the lane store removes them. @default 86_400_000 (24 hours) */
  readonly retentionMs?: number
}
