export { type AcmeInbox, acmeInbox } from './inbox.ts'
export type { AcmeOptions, AcmeTransaction } from './options.ts'
export { type AcmeStorage, acmeStorage } from './storage.ts'
