const blockSize = 512

/**
 * A sorted list in blocks: a million items, and still a few hundred moves for an insert or removal anywhere. That keeps
 * the cost of a claim the same however long the backlog is.
 */
export class SortedList<T> {
  readonly #compare: (left: T, right: T) => number
  readonly #blocks: T[][] = []
  #size = 0

  /** `compare` answers 0 for the same item only. */
  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  first(): T | undefined {
    return this.#blocks[0]?.[0]
  }

  add(item: T): void {
    this.#size++
    const reached = (other: T) => this.#compare(other, item) > 0
    const index = this.#blockOf(reached)
    const block = this.#blocks[index]
    if (block !== undefined) this.#insert(index, block, item, reached)
    else this.#append(item)
  }

  /** `false` if it was not in the list. */
  remove(item: T): boolean {
    const reached = (other: T) => this.#compare(other, item) >= 0
    const blockIndex = this.#blockOf(reached)
    const block = this.#blocks[blockIndex]
    if (block === undefined) return false
    const index = firstIndex(block, reached)
    if (block[index] !== item) return false
    block.splice(index, 1)
    if (block.length === 0) this.#blocks.splice(blockIndex, 1)
    this.#size--
    return true
  }

  /**
   * Visits the items in order, from the first that `reached` says yes to (once yes, always yes from there on), until
   * `visit` answers `false`.
   */
  scan(reached: (item: T) => boolean, visit: (item: T) => boolean): void {
    let blockIndex = this.#blockOf(reached)
    let block = this.#blocks[blockIndex]
    if (block === undefined) return
    let index = firstIndex(block, reached)
    while (block !== undefined) {
      for (; index < block.length; index++) if (!visit(block[index] as T)) return
      block = this.#blocks[++blockIndex]
      index = 0
    }
  }

  /** Index of the block that holds the first item reached. */
  #blockOf(reached: (item: T) => boolean): number {
    return firstIndex(this.#blocks, (block) => reached(block[block.length - 1] as T))
  }

  #append(item: T): void {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.length < blockSize) last.push(item)
    else this.#blocks.push([item])
  }

  #insert(blockIndex: number, block: T[], item: T, reached: (item: T) => boolean): void {
    block.splice(firstIndex(block, reached), 0, item)
    if (block.length > blockSize) this.#blocks.splice(blockIndex + 1, 0, block.splice(blockSize / 2))
  }
}

function firstIndex<T>(items: readonly T[], reached: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (reached(items[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}
