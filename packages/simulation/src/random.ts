/** Chance that a seed repeats exactly (sfc32). Not for anything that must be unpredictable. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 2 ** 32) >>> 0
    this.#c = 0x9e3779b9
    for (let round = 0; round < 12; round++) this.#next32()
  }

  /** In [0, 1). */
  readonly next = (): number => this.#next32() / 2 ** 32

  /** From 0 to `below` - 1. */
  integer(below: number): number {
    return Math.floor((this.#next32() / 2 ** 32) * below)
  }

  /** From `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.integer(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly [T, ...T[]]): T
  pick<T>(items: readonly T[]): T | undefined
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.integer(items.length)]
  }

  /** A stream of its own, so that who draws more does not change what others draw. */
  fork(): Random {
    return new Random(this.#next32() * 2 ** 21 + (this.#next32() >>> 11))
  }

  #next32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result
    return result >>> 0
  }
}
