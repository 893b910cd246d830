import { type FailureSummary, type PublishOutcome, summarizeFailure } from '../contracts/index.ts'

const firstProbeMs = 1000
const lastProbeMs = 30_000
/** Unknown outcomes of a topic in a row, without one accepted, that open its circuit. */
const unknownAtMost = 3
/** Messages remembered between two unknown outcomes. */
const rememberedAtMost = 10_000

interface Circuit {
  probeAt: number
  intervalMs: number
  probing: boolean
}

export interface CircuitListener {
  opened(topic: string, error: FailureSummary, probeInMs: number): void
  closed(topic: string): void
}

/**
 * One circuit a topic: an outage stops that topic alone and spends no attempts. While it is open, one message now and then
 * is tried as a probe; an accepted one closes it.
 */
export class Circuits {
  readonly #open: Map<string, Circuit> = new Map()
  readonly #unknownInARow: Map<string, number> = new Map()
  readonly #accepted: Map<string, number> = new Map()
  /** Messages with an unknown outcome: what their topic had accepted by then. */
  readonly #unknownSince: Map<string, number> = new Map()
  readonly #now: () => number
  readonly #listener: CircuitListener

  constructor(now: () => number, listener: CircuitListener) {
    this.#now = now
    this.#listener = listener
  }

  get openTopics(): readonly string[] {
    return [...this.#open.keys()]
  }

  isOpen(topic: string): boolean {
    return this.#open.has(topic)
  }

  /** Topics to probe with the next claim. Each is probed once at a time. */
  startProbes(): readonly string[] {
    const topics: string[] = []
    for (const [topic, circuit] of this.#open) {
      if (circuit.probing || circuit.probeAt > this.#now()) continue
      circuit.probing = true
      topics.push(topic)
    }
    return topics
  }

  /** The claim brought no message to probe with, or it was not published. */
  cancelProbe(topic: string): void {
    const circuit = this.#open.get(topic)
    if (!circuit?.probing) return
    circuit.probing = false
    circuit.probeAt = this.#now() + circuit.intervalMs
  }

  get nextProbeInMs(): number | null {
    let next: number | null = null
    for (const circuit of this.#open.values()) {
      if (!circuit.probing)
        next = Math.min(next ?? Number.POSITIVE_INFINITY, Math.max(0, circuit.probeAt - this.#now()))
    }
    return next
  }

  accepted(topic: string, count: number): void {
    this.#accepted.set(topic, (this.#accepted.get(topic) ?? 0) + count)
    this.#unknownInARow.delete(topic)
    if (this.#open.delete(topic)) this.#listener.closed(topic)
  }

  /** Takes in what was not accepted. Call it after {@link accepted} for the same publish call. */
  failed(topic: string, outcome: Exclude<PublishOutcome, { type: 'accepted' | 'not-sent' }>, wasProbe: boolean): void {
    if (outcome.type === 'unknown') this.#unknownInARow.set(topic, (this.#unknownInARow.get(topic) ?? 0) + 1)
    const isOutage =
      outcome.type === 'unavailable' ||
      (outcome.type === 'unknown' && (this.#unknownInARow.get(topic) ?? 0) >= unknownAtMost)
    if (isOutage) this.#openCircuit(topic, outcome.error)
    else if (wasProbe) this.cancelProbe(topic)
  }

  /** Whether the topic has accepted something since this message's last unknown outcome; remembers this one. */
  worksSinceUnknown(topic: string, messageId: string): boolean {
    const accepted = this.#accepted.get(topic) ?? 0
    const before = this.#unknownSince.get(messageId)
    this.#unknownSince.delete(messageId)
    this.#unknownSince.set(messageId, accepted)
    if (this.#unknownSince.size > rememberedAtMost) this.#forgetOldest()
    return before !== undefined && accepted > before
  }

  /** The message has an outcome that is known. */
  forget(messageId: string): void {
    if (this.#unknownSince.size > 0) this.#unknownSince.delete(messageId)
  }

  #forgetOldest(): void {
    for (const id of this.#unknownSince.keys()) {
      this.#unknownSince.delete(id)
      return
    }
  }

  #openCircuit(topic: string, error: Error): void {
    const known = this.#open.get(topic)
    // Several messages of one call tell of one outage.
    if (known !== undefined && !known.probing) return
    const intervalMs = Math.min(lastProbeMs, known === undefined ? firstProbeMs : known.intervalMs * 2)
    this.#open.set(topic, { probeAt: this.#now() + intervalMs, intervalMs, probing: false })
    this.#listener.opened(topic, summarizeFailure(error), intervalMs)
  }
}
