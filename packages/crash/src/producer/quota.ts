/** Hands out how many messages are still to be committed, so that all connections together commit exactly so many. */
export class Quota {
  #left: number
  #inHand = 0

  constructor(messages: number) {
    this.#left = messages
  }

  /** Of what is taken, nothing may come back: then the last ones are still to be taken. */
  get isUsedUp(): boolean {
    return this.#left === 0 && this.#inHand === 0
  }

  get left(): number {
    return this.#left
  }

  take(count: number): void {
    this.#left -= count
    this.#inHand += count
  }

  committed(count: number): void {
    this.#inHand -= count
  }

  rolledBack(count: number): void {
    this.#inHand -= count
    this.#left += count
  }
}
