import { StorageError } from '@waybill/core/contracts'
import type { MemoryDatabase, MemoryTransaction, Schedule } from '@waybill/memory'
import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'

/** A transaction on the lane tables, as far as a server that loses its client deals with it. */
type Turn = NonNullable<MemoryDatabase['lanes']['current']>

const inTransaction = 'transaction:'
const afterTransaction = 'transaction:reply'

/** Between this step and the next of the same client nothing can happen that could not happen before or after both. */
function isImmaterial(step: string): boolean {
  return (
    step === 'barrier:last:reply' ||
    (step.startsWith(inTransaction) && step.endsWith(':reply') && step !== afterTransaction)
  )
}

/** The connections of all processes to the database: what a client asks for, and what the server does when it vanishes. */
export class Connections {
  /** How likely a step fails, or its reply is lost. */
  faultChance = 0
  readonly #database: MemoryDatabase
  readonly #random: Random
  readonly #turns = new Map<Actor, Turn>()
  readonly #transactions = new Map<Actor, Set<MemoryTransaction>>()
  readonly #onStep: (step: string) => void
  readonly #adopted = new WeakSet<MemoryTransaction>()

  constructor(options: {
    readonly database: MemoryDatabase
    readonly random: Random
    readonly onStep: (step: string) => void
  }) {
    this.#database = options.database
    this.#random = options.random
    this.#onStep = options.onStep
  }

  /** For the storage of one process. */
  scheduleOf(actor: Actor): Schedule {
    return (step) => {
      if (step.startsWith(inTransaction) && step !== afterTransaction) this.#noteTurn(actor)
      if (!actor.alive) this.drop(actor)
      else if (isImmaterial(step)) return Promise.resolve()
      return new Promise((resolve, reject) => {
        actor.enqueue(step, () => {
          this.#onStep(step)
          if (this.#random.chance(this.faultChance)) reject(this.#fault())
          else resolve()
        })
      })
    }
  }

  /** Call it after each step: what has been opened in it belongs to whoever took it. */
  adopt(actor: Actor | null): void {
    for (const transaction of this.#database.transactions.values()) {
      if (this.#adopted.has(transaction)) continue
      this.#adopted.add(transaction)
      if (actor === null) continue
      this.began(actor, transaction)
      if (!actor.alive) this.drop(actor)
    }
  }

  begin(actor: Actor): MemoryTransaction {
    const transaction = this.#database.begin()
    this.began(actor, transaction)
    return transaction
  }

  /** The actor has opened a transaction by itself. */
  began(actor: Actor, transaction: MemoryTransaction): void {
    const open = this.#transactions.get(actor) ?? new Set()
    this.#transactions.set(actor, open.add(transaction))
  }

  ended(actor: Actor, transaction: MemoryTransaction): void {
    this.#transactions.get(actor)?.delete(transaction)
  }

  /** The server has noticed that the client is gone, or has not moved for too long. */
  drop(actor: Actor): void {
    const turn = this.#turns.get(actor)
    if (turn !== undefined && turn === this.#database.lanes.current) turn.rollback()
    this.#turns.delete(actor)
    const reason = new StorageError('STORAGE_UNAVAILABLE', 'The server has ended the connection')
    for (const transaction of this.#transactions.get(actor) ?? []) {
      if (transaction.open) transaction.rollback(reason)
      else transaction.releaseLocks()
    }
    this.#transactions.delete(actor)
  }

  #noteTurn(actor: Actor): void {
    const turn = this.#database.lanes.current
    if (turn !== null) this.#turns.set(actor, turn)
  }

  #fault(): StorageError {
    const code = this.#random.pick(['STORAGE_UNAVAILABLE', 'STORAGE_LOCKED', 'STORAGE_CONFLICT'] as const)
    return new StorageError(code, 'The simulation has broken this call')
  }
}
