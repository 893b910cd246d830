import {
  type InboxStorage,
  type OperationOptions,
  type RecordedTransition,
  TransitionError,
  type TransitionLog,
} from '../contracts/index.ts'
import { checkOptions, checkSpecification, given } from '../settings/check-options.ts'

/** For each state, those that may follow it; a final state has none. */
export interface Moves {
  readonly [state: string]: readonly string[]
}

export interface TransitionsOptions<Tx, Table extends Moves, Initial extends keyof Table & string> {
  /** Keeps the log of transitions. */
  readonly inbox: InboxStorage<Tx>
  /** Name of the state machine, for example `order`. Entities of different machines are different entities. */
  readonly machine: string
  /** For each state those that may follow it. */
  readonly moves: Table & StatesOf<Table>
  /** States that an entity may begin in. @default all */
  readonly initial?: readonly Initial[]
}

/** Makes a move to a state that the table does not have an error of the compiler. */
type StatesOf<Table extends Moves> = { readonly [State in keyof Table]: readonly (keyof Table & string)[] }

/** A move that the table allows. `from: null`: the entity begins. */
export type Move<Table extends Moves, Initial extends keyof Table & string> =
  | { readonly from: null; readonly to: Initial }
  | {
      [State in keyof Table & string]: { readonly from: State; readonly to: Table[State][number] }
    }[keyof Table & string]

export type TransitionRequest<Table extends Moves, Initial extends keyof Table & string> = Move<Table, Initial> & {
  /** Identity of what changes state. */
  readonly entity: string
  /** Why, for those who read the log. */
  readonly reason?: string
}

/**
 * Writes down changes of state in the transaction that makes them, and refuses those that the table does not allow and those that
 * somebody else was faster with. So a command sets a state, logs it and enqueues its messages, all or nothing.
 *
 * @example
 * ```ts
 * const orders = new Transitions({ inbox, machine: 'order', moves: { placed: ['paid', 'cancelled'], paid: [], cancelled: [] } })
 * await orders.transition(tx, { entity: order.id, from: 'placed', to: 'paid', reason: 'payment 4711' })
 * ```
 */
export class Transitions<
  Tx,
  const Table extends Moves,
  const Initial extends keyof Table & string = keyof Table & string,
> {
  readonly #log: TransitionLog<Tx>
  readonly #machine: string
  readonly #moves: Moves
  readonly #initial: readonly string[]

  /** @throws `ConfigurationError` with all problems at once, `SpecificationError`. */
  constructor(options: TransitionsOptions<Tx, Table, Initial>) {
    const { inbox, machine, moves = {} as Moves, initial } = given(options)
    const states = Object.keys(moves)
    checkOptions('Transitions', (check) => {
      const keeps = typeof inbox?.transitions?.append === 'function'
      check.that(keeps, { option: 'inbox', value: inbox, rule: 'must be an InboxStorage that keeps transitions' })
      const named = typeof machine === 'string' && machine !== '' && machine.length <= 255
      check.that(named, { option: 'machine', value: machine, rule: 'must be a name of at most 255 characters' })
      check.that(states.length > 0, { option: 'moves', value: moves, rule: 'must have at least one state' })
      for (const [state, next] of [
        ...Object.entries<readonly string[]>(moves),
        ['initial', initial ?? states] as const,
      ]) {
        const unknown = next.find((each) => !states.includes(each))
        check.that(unknown === undefined, {
          option: state,
          value: unknown,
          rule: 'must be a state of the table of moves',
        })
      }
    })
    checkSpecification(inbox)
    // checkOptions has refused an inbox without a log.
    this.#log = inbox.transitions as TransitionLog<Tx>
    this.#machine = machine
    this.#moves = moves
    this.#initial = initial ?? states
  }

  /**
   * Appends a move to the log of its entity, in the caller's transaction. Answers its number, 1 for the first.
   *
   * @throws {@link TransitionError} `ILLEGAL_TRANSITION`; `TRANSITION_CONFLICT` if the entity is not in `from`, with the state
   *   that it is in. Nothing was written by this call; what belongs to the move is the caller's to roll back.
   */
  async transition(tx: Tx, request: TransitionRequest<Table, Initial>): Promise<{ readonly sequence: number }> {
    const { entity, from, to, reason } = request
    const move = `'${from ?? 'nothing'}' to '${to}'`
    const allowed = from === null ? this.#initial : Object.hasOwn(this.#moves, from) ? this.#moves[from] : undefined
    if (allowed?.includes(to) !== true) {
      const text = `The ${this.#machine} '${entity}' cannot go from ${move}: the table of moves does not have that`
      throw new TransitionError('ILLEGAL_TRANSITION', text)
    }
    const transition = { machine: this.#machine, entity, from, to, ...(reason !== undefined && { reason }) }
    const outcome = await this.#log.append(tx, transition)
    if (outcome.type === 'appended') return { sequence: outcome.sequence }
    const current = outcome.current === null ? 'it has no state' : `it is '${outcome.current}'`
    const text = `The ${this.#machine} '${entity}' did not go from ${move}, because ${current}: read it and decide again`
    throw new TransitionError('TRANSITION_CONFLICT', text, outcome.current)
  }

  /** All moves of an entity, oldest first. */
  async history(entity: string, options?: OperationOptions): Promise<readonly RecordedTransition[]> {
    return await this.#log.history(this.#machine, entity, options)
  }
}
