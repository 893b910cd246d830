/** What befell one process. Times are milliseconds since the epoch by this machine's clock. */
export interface Life {
  readonly label: string
  readonly startedAt: number
  /** Null while it lives. */
  endedAt: number | null
  /** `left`: it stopped in good order. `failed`: it ended by itself, which it must not. */
  end: 'killed' | 'crashed' | 'left' | 'failed' | null
  readonly pauses: { readonly from: number; to: number }[]
}

/** An answer of the broker, to messages that were sent and answered between two times. */
export interface Refusal {
  readonly ids: readonly string[]
  readonly from: number
  readonly to: number
}

/** What befell one relay process. */
export interface RelayLife extends Life {
  readonly leasesLostAt: number[]
  /** Messages whose answer it did not get, and when it said so. */
  readonly unanswered: Map<string, number>
  /** The broker said no, of itself. */
  readonly refusals: Refusal[]
}

/** What befell the processes of the run, in the order in which they started. */
export class History {
  readonly relays: RelayLife[] = []
  readonly consumers: Life[] = []
  /** Messages that sweeps of relays found where none can be. */
  anomalies = 0
  /** Errors of relays and consumers that are mistakes in the code. */
  readonly defects: string[] = []
  /** Messages that a consumer gave up. */
  readonly rejected: string[] = []
  brokerRestarts = 0
  /** Processes that were asked to leave while the run went on. */
  leaves = 0

  beginRelay(label: string): RelayLife {
    const life: RelayLife = { ...beginLife(label), leasesLostAt: [], unanswered: new Map(), refusals: [] }
    this.relays.push(life)
    return life
  }

  beginConsumer(label: string): Life {
    const life = beginLife(label)
    this.consumers.push(life)
    return life
  }

  get lives(): readonly Life[] {
    return [...this.relays, ...this.consumers]
  }

  ended(end: NonNullable<Life['end']>): number {
    return this.lives.filter((life) => life.end === end).length
  }

  get pauses(): number {
    return this.lives.reduce((sum, life) => sum + life.pauses.length, 0)
  }
}

function beginLife(label: string): Life {
  return { label, startedAt: Date.now(), endedAt: null, end: null, pauses: [] }
}
