import { CommandError, type CommandKey, MessageError, type PruneOptions } from '../contracts/index.ts'
import { type Listener, TypedEvents } from '../events/typed-events.ts'
import { BoundedCache, type CachedResult } from './command-cache.ts'
import { type CommandsOptions, type ResolvedCommandsOptions, resolveCommandsOptions } from './commands-options.ts'
import { fingerprintOf } from './fingerprint.ts'
import { fromText, toText } from './result-text.ts'

export interface Command {
  /** What the client made up for this command, for example its `Idempotency-Key`. At most 255 characters. */
  readonly key: string
  /** Keys of different scopes are different commands, for example `POST /orders` of one customer. @default '' */
  readonly scope?: string
  /** What is asked for. The same key with another request is refused. Anything that JSON keeps as it is. */
  readonly request: unknown
}

export interface CommandResult<T> {
  /** As the serializer gives it back, the first time too: the first answer and its repeats are the same. */
  readonly result: T
  /** The command had been carried out before, and `work` was not called. */
  readonly repeated: boolean
}

export interface CommandsEvents {
  /** The cache failed, told once until it works again. Without a listener it goes to stderr. */
  readonly error: Error
}

/**
 * Carries out each command once, and answers a repeat with the first result, kept in the transaction of its effects.
 *
 * Of two at once the second waits for the first, or gets COMMAND_BUSY. A command that fails leaves nothing: it may be tried
 * again with its key.
 *
 * @example
 * ```ts
 * const commands = new Commands({ inbox })
 * const command = { scope: 'POST /orders', key: request.headers['idempotency-key'], request: request.body }
 * const { result } = await commands.execute(command, async (tx) => await placeOrder(tx, request.body))
 * ```
 */
export class Commands<Tx> {
  readonly #options: ResolvedCommandsOptions<Tx>
  readonly #events = new TypedEvents<CommandsEvents>('Waybill commands')
  readonly #cache: BoundedCache

  /** @throws `ConfigurationError` with all problems at once, `SpecificationError`. */
  constructor(options: CommandsOptions<Tx>) {
    this.#options = resolveCommandsOptions(options)
    const { cache, cacheTimeoutMs: timeoutMs, cacheTtlMs: ttlMs, runtime } = this.#options
    const onError = (error: Error) => this.#events.emit('error', error)
    this.#cache = new BoundedCache({ cache, timeoutMs, ttlMs, runtime, onError })
  }

  on<Name extends keyof CommandsEvents>(name: Name, listener: Listener<CommandsEvents[Name]>): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Does `work` in the caller's transaction, unless it has been done, and keeps its result there. Call it before anything else
   * in the transaction; commit, and only then answer the client.
   *
   * @throws {@link CommandError} `COMMAND_MISMATCH`, or `COMMAND_BUSY` with `whenBusy: 'refuse'`; what `work` throws, after which
   *   the transaction must be rolled back; `MessageError` for a request or a result that cannot be serialised.
   */
  async idempotent<T>(tx: Tx, command: Command, work: () => T): Promise<CommandResult<Awaited<T>>> {
    const { done, repeated } = await this.#claim(tx, await identify(command), work)
    return { result: this.#read(done) as Awaited<T>, repeated }
  }

  /** As {@link idempotent}, in a transaction of its own; with a cache, a repeat may not need the database at all. */
  async execute<T>(command: Command, work: (tx: Tx) => T): Promise<CommandResult<Awaited<T>>> {
    const identity = await identify(command)
    const known = await this.#cache.get(identity)
    if (known !== undefined) {
      return { result: this.#read(matching(identity, known)) as Awaited<T>, repeated: true }
    }
    const { done, repeated } = await this.#options.runner.transaction((tx) => this.#claim(tx, identity, () => work(tx)))
    await this.#cache.set(identity, done)
    return { result: this.#read(done) as Awaited<T>, repeated }
  }

  /** Removes results that have expired, in bounded transactions; nobody else does. Answers how many. */
  async prune(options: Omit<PruneOptions, 'olderThanMs'> = {}): Promise<number> {
    return await this.#options.storage.prune({ olderThanMs: 0, ...options })
  }

  async #claim(tx: Tx, identity: Identity, work: () => unknown): Promise<Claimed> {
    const { storage, retentionMs, whenBusy, serializer } = this.#options
    const { scope, key, fingerprint } = identity
    const claim = await storage.claim(tx, { ...identity, retentionMs, whenBusy })
    if (claim.type === 'busy') {
      const text = `The command '${key}'${within(scope)} is being carried out at this moment: ask again with the same key`
      throw new CommandError('COMMAND_BUSY', text)
    }
    if (claim.type === 'done') return { done: matching(identity, claim), repeated: true }
    const result = toText(await work(), serializer)
    await storage.complete(tx, { scope, key }, result)
    return { done: { fingerprint, result }, repeated: false }
  }

  #read({ result }: CachedResult): unknown {
    return fromText(result, this.#options.serializer)
  }
}

interface Identity extends CommandKey {
  readonly fingerprint: string
}

interface Claimed {
  readonly done: CachedResult
  readonly repeated: boolean
}

async function identify({ key, scope = '', request }: Command): Promise<Identity> {
  for (const [path, value, min] of [['key', key, 1] as const, ['scope', scope, 0] as const]) {
    if (typeof value === 'string' && value.length >= min && value.length <= 255 && !value.includes('\u0000')) continue
    const text = `The ${path} of a command must be a text of ${min} to 255 characters without NUL`
    throw new MessageError('INVALID_MESSAGE', text, { path })
  }
  return { scope, key, fingerprint: await fingerprintOf(request) }
}

function matching({ scope, key, fingerprint }: Identity, found: CachedResult): CachedResult {
  if (found.fingerprint === fingerprint) return { fingerprint, result: found.result }
  const text = `The key '${key}'${within(scope)} was used for another request before: a new request needs a new key`
  throw new CommandError('COMMAND_MISMATCH', text)
}

function within(scope: string): string {
  return scope === '' ? '' : ` of '${scope}'`
}
