import type { CommandKey } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** A store in front of the database, for example Redis. It may forget anything at any time, and it may fail. */
export interface CommandCache {
  /** Answers `null` or `undefined` for what it does not have. */
  get(key: string): Promise<string | null | undefined>
  /** Keeps the value for `ttlMs` at most. */
  set(key: string, value: string, ttlMs: number): Promise<unknown>
}

export interface CachedResult {
  readonly fingerprint: string
  readonly result: string
}

interface CacheTerms {
  readonly cache: CommandCache | undefined
  readonly timeoutMs: number
  readonly ttlMs: number
  readonly runtime: Runtime
  readonly onError: (error: Error) => void
}

/** The cache, bounded in time; whatever is wrong with it is a result that it does not have. */
export class BoundedCache {
  readonly #terms: CacheTerms
  #failing = false

  constructor(terms: CacheTerms) {
    this.#terms = terms
  }

  async get(command: CommandKey): Promise<CachedResult | undefined> {
    const text = await this.#bounded('get', (cache) => cache.get(nameOf(command)))
    return typeof text === 'string' ? parse(text) : undefined
  }

  async set(command: CommandKey, { fingerprint, result }: CachedResult): Promise<void> {
    const value = JSON.stringify({ fingerprint, result })
    await this.#bounded('set', (cache) => cache.set(nameOf(command), value, this.#terms.ttlMs))
  }

  /** Reports the first failure of a row of them: every command would repeat it. */
  async #bounded<T>(what: string, call: (cache: CommandCache) => Promise<T>): Promise<T | undefined> {
    const { cache, runtime, timeoutMs, onError } = this.#terms
    if (cache === undefined) return undefined
    const late = Promise.withResolvers<never>()
    const text = `The cache of the commands did not answer '${what}' within ${timeoutMs} ms`
    const cancel = runtime.setTimeout(() => late.reject(new Error(text)), timeoutMs)
    try {
      const value = await Promise.race([call(cache), late.promise])
      this.#failing = false
      return value
    } catch (cause) {
      if (!this.#failing)
        onError(new Error('The cache of the commands failed; the database answers instead', { cause }))
      this.#failing = true
      return undefined
    } finally {
      cancel()
    }
  }
}

function nameOf({ scope, key }: CommandKey): string {
  return `waybill:command:${JSON.stringify([scope, key])}`
}

function parse(text: string): CachedResult | undefined {
  try {
    const value = JSON.parse(text) as Partial<CachedResult> | null
    if (typeof value?.fingerprint !== 'string' || typeof value.result !== 'string') return undefined
    return { fingerprint: value.fingerprint, result: value.result }
  } catch {
    return undefined
  }
}
