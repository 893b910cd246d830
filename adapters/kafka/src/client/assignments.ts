import type { TopicPartition } from './client.ts'

/**
 * What a membership has been given so far. A partition that was ours, was not, and is again may have been handled by others
 * meanwhile, while the client still holds records from before: that is told apart here.
 */
export class Assignments {
  readonly #ever = new Set<string>()
  #current: ReadonlySet<string> = new Set()
  #memberId: string | undefined

  /** Answers whether nobody else can have had what is ours. */
  take(memberId: string, partitions: readonly TopicPartition[]): boolean {
    const names = partitions.map(({ topic, partition }) => `${topic}/${partition}`)
    const returned = names.some((name) => this.#ever.has(name) && !this.#current.has(name))
    const isSameMember = this.#memberId === undefined || this.#memberId === memberId
    this.#memberId = memberId
    this.#current = new Set(names)
    for (const name of names) this.#ever.add(name)
    return isSameMember && !returned
  }
}
