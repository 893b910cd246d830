import type {
  ClaimedMessage,
  ClaimRequest,
  ClaimResult,
  DeadReason,
  RelaySession,
  RelaySource,
  SettleResult,
} from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import { labelsOf } from '../samples.ts'

/** Lease of relays that a rule lets end, in milliseconds. Long enough for a busy machine, short enough to wait for. */
export const shortLeaseMs = 600

/** Lease of relays that divide the work: they notice each other soon, and a busy machine does not end them. */
export const sharedLeaseMs = 3000

/** Lease of relays that must not end while the rule runs. */
export const longLeaseMs = 60_000

const failure = { code: 'BROKER_REJECTED', message: 'the broker said no' } as const

interface JoinOptions {
  readonly label?: string
  readonly leaseMs?: number
}

/** A relay that does nothing by itself: the rule takes each of its steps. */
export class HandDrivenRelay {
  readonly source: RelaySource
  readonly #time: Timeline
  readonly #options: { readonly label: string; readonly leaseMs: number }
  #session: RelaySession

  private constructor(source: RelaySource, session: RelaySession, time: Timeline, options: Required<JoinOptions>) {
    this.source = source
    this.#session = session
    this.#time = time
    this.#options = options
  }

  get session(): RelaySession {
    return this.#session
  }

  static async join(
    source: RelaySource,
    time: Timeline,
    { label = 'relay', leaseMs = longLeaseMs }: JoinOptions = {},
  ): Promise<HandDrivenRelay> {
    const options = { label, leaseMs: leaseMs * time.pace }
    return new HandDrivenRelay(source, await source.join(options), time, options)
  }

  async claim(request: Partial<ClaimRequest> = {}): Promise<ClaimResult> {
    const all = { limit: 1000, maxBytes: 1e9, skipTopics: [], probeTopics: [], ...request }
    return await this.source.claim(this.session, all)
  }

  /**
   * Claims until `count` messages are in hand, renewing. For messages of one key, or a session that has proved itself:
   * another may get a part of the outbox only, until it has settled something.
   */
  async collect(count: number, request: Partial<ClaimRequest> = {}): Promise<readonly ClaimedMessage[]> {
    const held: ClaimedMessage[] = []
    return await this.#time.eventually(`${count} messages handed out`, async () => {
      await this.renew()
      held.push(...(await this.claim(request)).messages)
      return held.length >= count ? held : undefined
    })
  }

  /** Claims and publishes until `count` messages have been handed out. Answers them, claim by claim. */
  async publishAll(count: number): Promise<readonly (readonly ClaimedMessage[])[]> {
    const batches: (readonly ClaimedMessage[])[] = []
    while (batches.flat().length < count) {
      const batch = await this.collectSome()
      batches.push(batch)
      await this.publish(batch)
    }
    return batches
  }

  /** Claims until a claim hands out something, and answers that claim's messages. */
  async collectSome(request: Partial<ClaimRequest> = {}): Promise<readonly ClaimedMessage[]> {
    return await this.#time.eventually('a message handed out', async () => {
      await this.renew()
      const { messages } = await this.claim(request)
      return messages.length > 0 ? messages : undefined
    })
  }

  /** Claims for `ms` long, renewing, and answers everything that it got. */
  async claimFor(ms: number, request: Partial<ClaimRequest> = {}): Promise<readonly ClaimedMessage[]> {
    const held: ClaimedMessage[] = []
    await this.#time.throughout(ms, async () => {
      await this.renew()
      held.push(...(await this.claim(request)).messages)
    })
    return held
  }

  async mark(messages: readonly ClaimedMessage[]): Promise<SettleResult> {
    return await this.source.markPublishing(
      this.session,
      messages.map(({ token }) => token),
    )
  }

  /** Marks and settles as published: the whole life of a message whose publish call went well. */
  async publish(messages: readonly ClaimedMessage[]): Promise<SettleResult> {
    await this.mark(messages)
    return await this.published(messages)
  }

  async published(messages: readonly ClaimedMessage[]): Promise<SettleResult> {
    return await this.source.settle(
      this.session,
      messages.map(({ token }) => ({ type: 'published', token })),
    )
  }

  async retry(
    messages: readonly ClaimedMessage[],
    delayMs: number,
    options: { readonly spendsAttempt?: boolean } = {},
  ): Promise<SettleResult> {
    const { spendsAttempt = true } = options
    const settlements = messages.map(
      ({ token }) => ({ type: 'retry', token, delayMs, spendsAttempt, error: failure }) as const,
    )
    return await this.source.settle(this.session, settlements)
  }

  async release(messages: readonly ClaimedMessage[]): Promise<SettleResult> {
    return await this.source.settle(
      this.session,
      messages.map(({ token }) => ({ type: 'release', token })),
    )
  }

  async bury(messages: readonly ClaimedMessage[], reason: DeadReason = 'rejected'): Promise<SettleResult> {
    const settlements = messages.map(
      ({ token }) => ({ type: 'dead', token, reason, spendsAttempt: true, error: failure }) as const,
    )
    return await this.source.settle(this.session, settlements)
  }

  /** Renews; with a new session if a busy machine has let the last one end, as a real relay does. */
  async stayAlive(): Promise<void> {
    if (!(await this.renew())) this.#session = await this.source.join(this.#options)
  }

  async renew(): Promise<boolean> {
    return (await this.source.renew(this.session)).held
  }

  async leave(): Promise<void> {
    await this.source.leave(this.session)
  }
}

/**
 * Lets the relays claim and publish in turns until `count` messages have been published. Answers the labels in the order in
 * which they were handed out.
 */
export async function publishInTurns(
  relays: readonly HandDrivenRelay[],
  time: Timeline,
  count: number,
  request: Partial<ClaimRequest> = {},
): Promise<readonly string[]> {
  const published: string[] = []
  return await time.eventually(`${count} messages published`, async () => {
    for (const relay of relays) {
      await relay.stayAlive()
      const { messages } = await relay.claim(request)
      if (messages.length === 0) continue
      await relay.publish(messages)
      published.push(...labelsOf(messages.map(({ message }) => message)))
    }
    return published.length >= count ? published : undefined
  })
}

/** Labels of claimed messages, in their order. */
export function claimedLabels(messages: readonly ClaimedMessage[]): readonly string[] {
  return labelsOf(messages.map(({ message }) => message))
}
