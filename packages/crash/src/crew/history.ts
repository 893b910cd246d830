/** What befell one relay process. Times are milliseconds since the epoch by this machine's clock. */
export interface RelayLife {
  readonly label: string
  readonly startedAt: number
  /** Null while it lives. */
  endedAt: number | null
  /** `left`: it stopped in good order. `failed`: it ended by itself, which it must not. */
  end: 'killed' | 'crashed' | 'left' | 'failed' | null
  readonly pauses: { readonly from: number; to: number }[]
  readonly leasesLostAt: number[]
  /** Messages whose answer it did not get, and when it said so. */
  readonly unanswered: Map<string, number>
}

/** What befell the relays of the run, in the order in which they started. */
export class History {
  readonly lives: RelayLife[] = []
  /** Messages that sweeps of relays found where none can be. */
  anomalies = 0
  /** Errors of relays that are mistakes in the code. */
  readonly defects: string[] = []
  brokerRestarts = 0
  /** Relays that were asked to leave while the run went on. */
  leaves = 0

  begin(label: string): RelayLife {
    const life: RelayLife = {
      label,
      startedAt: Date.now(),
      endedAt: null,
      end: null,
      pauses: [],
      leasesLostAt: [],
      unanswered: new Map(),
    }
    this.lives.push(life)
    return life
  }

  ended(end: NonNullable<RelayLife['end']>): number {
    return this.lives.filter((life) => life.end === end).length
  }

  get pauses(): number {
    return this.lives.reduce((sum, life) => sum + life.pauses.length, 0)
  }
}
