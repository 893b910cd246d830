import type { LaneRead, LaneReadResult, WriterBarrier } from '@waybill/core/lanes'
import { onlyRow, type Session, type SqlContext, type Statement, toLaneRow } from '@waybill/sql'
import { factsOf, type ReadRow, readStatements } from './read-statement.ts'
import { barrierStatement } from './writers.ts'

/** Reads on one connection, and what they have told of the server. */
export class Reader {
  readonly #session: Session
  readonly #statementOf: (request: LaneRead) => Statement<ReadRow>
  readonly #askForBarrier: Statement<{ readonly last: number; readonly writers: string }>
  /** That came with the last read, on which connection. */
  #barrier: { readonly generation: number; readonly barrier: WriterBarrier } | null = null
  #servers = new Set<string>()
  #highest = 0
  #setBacks = 0

  constructor(context: SqlContext, session: Session) {
    this.#session = session
    this.#statementOf = readStatements(context)
    this.#askForBarrier = barrierStatement(context)
  }

  /** Rows read from now on are of another session. */
  begin(): void {
    this.#servers.clear()
  }

  /** The server that all rows of the session were read from; `null` after a failover, when positions may be drawn again. */
  get server(): string | null {
    const [server] = this.#servers
    return this.#servers.size === 1 && server !== undefined ? server : null
  }

  /** Each read brings the barrier for the next one along, which saves a round trip. */
  async barrier(): Promise<WriterBarrier> {
    if (this.#barrier?.generation === this.#generation) return this.#barrier.barrier
    const { last, writers } = onlyRow((await this.#session.execute(this.#askForBarrier)).rows)
    return this.#note({ last, writers: JSON.parse(writers) })
  }

  async read(request: LaneRead): Promise<LaneReadResult> {
    const { rows } = await this.#session.execute(this.#statementOf(request))
    const facts = factsOf(rows)
    const found = inOrder(rows.slice(0, -1), request)
    this.#note(facts.barrier)
    this.#servers.add(facts.server)
    return {
      rows: found.slice(0, request.limit).map((row) => toLaneRow(row, facts.now)),
      now: facts.now,
      nextAvailableAt: found.length < request.limit ? facts.nextAvailableAt : null,
      endedWriters: facts.endedWriters,
      epoch: this.#epochOf(facts.server),
    }
  }

  /** The server of an epoch that goes on; `null` for one that is over. */
  serverOf(epoch: string): string | null {
    const [server = ''] = epoch.split(' ')
    return this.#epochOf(server) === epoch ? server : null
  }

  #epochOf(server: string): string {
    return `${server} ${this.#generation + this.#setBacks}`
  }

  get #generation(): number {
    return this.#session.connector.generation
  }

  #note(barrier: WriterBarrier): WriterBarrier {
    // Positions are drawn again: a failover that no broken connection has told of.
    if (barrier.last < this.#highest) this.#setBacks++
    this.#highest = barrier.last
    this.#barrier = { generation: this.#generation, barrier }
    return barrier
  }
}

/** Scheduled rows come after the others, if there are any. */
function inOrder(rows: readonly ReadRow[], { exclude }: LaneRead): readonly ReadRow[] {
  if ((rows.at(-1)?.available_at ?? null) === null) return rows
  const inFlight = new Set(exclude)
  return rows.filter((row) => !inFlight.has(row.position)).sort((a, b) => a.position - b.position)
}
