import type { CrashMarks, Message, Receipt } from '../contracts/index.ts'
import { uuidv7 } from '../runtime/uuid-v7.ts'
import type { DeliveryTerms } from './delivery-terms.ts'
import { describeFailure } from './judge-failure.ts'

/** The mark of one stay of a message in this process. Its changes go one after the other. */
export class CrashMark<Tx> {
  readonly #terms: DeliveryTerms<Tx>
  readonly #marks: CrashMarks<Tx>
  readonly #receipt: Receipt
  readonly #message: Message
  /** `begun`: it stands there for certain. Without that it may all the same. */
  #own: { readonly name: string; begun: boolean } | undefined
  #changes: Promise<unknown> = Promise.resolve()

  constructor(terms: DeliveryTerms<Tx>, marks: CrashMarks<Tx>, receipt: Receipt, message: Message) {
    this.#terms = terms
    this.#marks = marks
    this.#receipt = receipt
    this.#message = message
  }

  /** Whether it stands, once what is on its way has come to its end. */
  async stands(): Promise<boolean> {
    await this.#changes
    return this.#own?.begun === true
  }

  /** Names of the beginnings that are not of this stay. */
  async others(): Promise<readonly string[]> {
    const all = await this.#marks.list(this.#receipt)
    return all.filter((name) => name !== this.#own?.name)
  }

  /** @throws What the database says; then it may stand there or not, and is begun again by the same name. */
  begin(): Promise<void> {
    return this.#inTurn(async () => {
      this.#own ??= { name: uuidv7(this.#terms.options.runtime), begun: false }
      await this.#marks.begin(this.#receipt, this.#own.name)
      this.#own.begun = true
    })
  }

  /** Takes it away. What cannot be taken away may stay, and is begun again by the same name. */
  withdraw(): Promise<void> {
    return this.#remove(async () => {
      if (this.#own !== undefined) await this.#marks.withdraw(this.#receipt, this.#own.name)
    })
  }

  /** Takes away all of the receipt, whoever's they are. */
  forgetAll(): Promise<void> {
    return this.#remove(() => this.#marks.forget(this.#receipt))
  }

  /** In the transaction of the effect: all of the receipt. */
  end(tx: Tx): Promise<void> {
    return this.#marks.end(tx, this.#receipt)
  }

  /** That transaction has committed. */
  ended(): void {
    this.#own = undefined
  }

  #remove(removal: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await removal()
        this.#own = undefined
      } catch (error) {
        if (this.#own !== undefined) this.#own.begun = false
        this.#terms.events.emit('error', describeFailure(error, this.#message, 0))
      }
    })
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#changes.then(change)
    this.#changes = turn.catch(() => undefined)
    return turn
  }
}
