import type { CrashArguments } from './arguments.ts'

export interface RunOptions extends Omit<CrashArguments, 'json'> {
  /** The module of the relays' processes: for relays that are broken on purpose. @default our relay */
  readonly relayModule?: URL
  /** The module of the consumers' processes: for consumers that are broken on purpose. @default our consumer */
  readonly consumerModule?: URL
  /** More arguments of the broker's server: for one that is broken on purpose. */
  readonly brokerArguments?: readonly string[]
  /** No relay ends by itself: neither the one that always does, nor those that publish what ends relays. @default false */
  readonly calm?: boolean
  /** If nothing has moved for so long, what is missing does not come. @default 30000 */
  readonly patienceMs?: number
  /** Ends the run early; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Is given a function that says how far the run is. */
  onStart(progress: () => string): void
}

/** How long the lanes of a dead relay stay its own. The default of relays is 30 s; a run cannot wait so long for each kill. */
export const leaseMs = 1000

const producerProcesses = 2
const connectionsEach = { many: 4, single: 1 } as const
/** Messages per transaction, about. */
const transactionSize = 2.1
/**
 * Time that a run gives each kill and each restart of the broker to be got over, and messages a second that it commits when
 * there are few of them: a real broker with consumers has more to do than a log.
 */
const pace = { perKillMs: 450, perRestartMs: 10_000, messagesPerSecond: { log: 900, server: 350 } } as const

export interface ProducerShare {
  readonly connections: number
  readonly messages: number
  readonly bombs: number
  readonly thinkMs: number
}

type WorkOptions = Pick<RunOptions, 'messages' | 'kills' | 'calm' | 'broker' | 'brokerRestarts'>

/** What each producer process has to do. */
export function shareWork(
  { messages, kills, calm = false, broker, brokerRestarts }: WorkOptions,
  singleWriter: boolean,
): readonly ProducerShare[] {
  const connections = connectionsEach[singleWriter ? 'single' : 'many']
  const isServer = broker !== 'log'
  const troublesMs = kills * pace.perKillMs + (isServer ? brokerRestarts * pace.perRestartMs : 0)
  const seconds = Math.max(messages / pace.messagesPerSecond[isServer ? 'server' : 'log'], troublesMs / 1000)
  const transactions = messages / transactionSize
  const thinkMs = (seconds * 1000 * connections * producerProcesses) / transactions
  const bombs = calm ? 0 : Math.min(4, Math.ceil(messages / 2000))
  return Array.from({ length: producerProcesses }, (_, index) => ({
    connections,
    messages: part(messages, index),
    bombs: part(bombs, index),
    thinkMs,
  }))
}

/** The share of one process; the first takes what is left over. */
function part(whole: number, index: number): number {
  const share = Math.floor(whole / producerProcesses)
  return index === 0 ? whole - share * (producerProcesses - 1) : share
}
