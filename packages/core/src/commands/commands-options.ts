import type { CommandStorage, InboxStorage, Serializer, TransactionRunner } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'
import { checkOptions, checkSpecification, given } from '../settings/check-options.ts'
import type { CommandCache } from './command-cache.ts'

export interface CommandsOptions<Tx> {
  /** Keeps the results and opens the transactions of {@link Commands.execute}. */
  readonly inbox: InboxStorage<NoInfer<Tx>> & TransactionRunner<Tx>
  /** How long a result is kept, in milliseconds; after that its key is new. @default 24 hours */
  readonly retentionMs?: number
  /** What a command does while the same is being carried out by somebody else: wait, or COMMAND_BUSY. @default 'wait' */
  readonly whenBusy?: 'wait' | 'refuse'
  /** Writes results. @default jsonSerializer */
  readonly serializer?: Serializer
  /** Asked by {@link Commands.execute} before the database, filled after the commit. Its loss costs speed alone. */
  readonly cache?: CommandCache
  /** How long to wait for the cache, in milliseconds. @default 100 */
  readonly cacheTimeoutMs?: number
  /**
   * How long the cache keeps a result, in milliseconds: at most so much longer than `retentionMs` is it answered.
   *
   * @default one hour, or `retentionMs` if that is less
   */
  readonly cacheTtlMs?: number
  /** For tests. */
  readonly runtime?: Runtime
}

export interface ResolvedCommandsOptions<Tx> extends Required<Omit<CommandsOptions<Tx>, 'cache' | 'inbox'>> {
  readonly runner: TransactionRunner<Tx>
  readonly storage: CommandStorage<Tx>
  readonly cache: CommandCache | undefined
}

/** @throws `ConfigurationError` with everything that is wrong, `SpecificationError`. */
export function resolveCommandsOptions<Tx>(input: CommandsOptions<Tx>): ResolvedCommandsOptions<Tx> {
  const options = given(input)
  const { inbox, retentionMs = 24 * 3_600_000, whenBusy = 'wait', cacheTimeoutMs = 100 } = options
  const { serializer = jsonSerializer, cache, runtime = systemRuntime } = options
  const { cacheTtlMs = Math.min(retentionMs, 3_600_000) } = options
  const storage = inbox?.commands
  checkOptions('Commands', (check) => {
    const holds = typeof storage?.claim === 'function' && typeof inbox?.transaction === 'function'
    const rule = 'must be an InboxStorage that keeps commands, and a TransactionRunner'
    check.that(holds, { option: 'inbox', value: inbox, rule })
    check.integer('retentionMs', retentionMs, 1)
    check.integer('cacheTimeoutMs', cacheTimeoutMs, 1)
    check.integer('cacheTtlMs', cacheTtlMs, 1)
    const known = whenBusy === 'wait' || whenBusy === 'refuse'
    check.that(known, { option: 'whenBusy', value: whenBusy, rule: "must be 'wait' or 'refuse'" })
    const usable = cache === undefined || (typeof cache?.get === 'function' && typeof cache.set === 'function')
    check.that(usable, { option: 'cache', value: cache, rule: 'must have get and set' })
  })
  checkSpecification(inbox)
  const numbers = { retentionMs, cacheTimeoutMs, cacheTtlMs }
  // checkOptions has refused an inbox without commands.
  return { ...numbers, runner: inbox, storage: storage as CommandStorage<Tx>, whenBusy, serializer, cache, runtime }
}
