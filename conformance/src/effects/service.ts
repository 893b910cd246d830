import type { InboxDeadLetter, Message } from '@waybill/core/contracts'
import { another, crash } from '../consumer/harness.ts'
import type { PollOptions, Timeline } from '../eventually.ts'
import { deadLetters } from '../inbox/abilities.ts'
import { need } from '../rule.ts'
import { labelsOf } from '../samples.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { readEffects } from './ledger.ts'
import { type Connections, type ProcessOptions, ServiceProcess } from './process.ts'

/** The processes of one service, on one inbox and one broker. Disposing it ends those that still run. */
export class Service implements AsyncDisposable {
  readonly harness: AnyEffectsHarness
  readonly time: Timeline
  readonly #processes: ServiceProcess[] = []

  constructor(harness: AnyEffectsHarness, time: Timeline) {
    this.harness = harness
    this.time = time
  }

  /** The process that can be killed. */
  async start(options: ProcessOptions = {}): Promise<ServiceProcess> {
    const { consumer, inbox, runner } = this.harness
    return await this.#start({ source: consumer, inbox, runner }, options)
  }

  async startAnother(options: ProcessOptions = {}): Promise<ServiceProcess> {
    const source = await need(this.harness, another)()
    const { inbox, runner } = (await this.harness.reopen?.()) ?? this.harness
    return await this.#start({ source, inbox, runner }, options)
  }

  /** Ends the process of {@link start} at once; what calls it from within that process never goes on. */
  async kill({ life }: ServiceProcess): Promise<void> {
    life.die()
    await need(this.harness, crash)()
  }

  /** Stops a process in good order, moving the clock while it does. */
  async stop({ consumer }: ServiceProcess): Promise<void> {
    const stopped = consumer.stop().then(() => true)
    await this.time.eventually('the consumer to stop', () => this.time.within(20, stopped), patience)
  }

  async publish(messages: readonly Message[]): Promise<void> {
    await this.harness.publish(messages)
  }

  /** Waits until every message was applied, or found applied, by a process that lived to know it. */
  async handled(messages: readonly Message[], options: PollOptions = patience): Promise<void> {
    const labels = new Set(labelsOf(messages))
    const all = async () => labels.isSubsetOf(this.#done()) || undefined
    await this.time.eventually(`effects of ${[...labels].join(' ')}`, all, options)
  }

  /** Waits until some process has applied something. */
  async begun(): Promise<void> {
    await this.until('the first effects', () => this.#done().size > 0)
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    await this.time.eventually(what, async () => holds() || undefined, patience)
  }

  /** Lets `ms` pass within a handler. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.time.setTimeout(resolve, ms))
  }

  /** Labels in the order of the effects, key by key; one that took effect twice is there twice. */
  async effects(messages: readonly Message[]): Promise<readonly string[]> {
    return await readEffects(this.harness, messages)
  }

  /** The dead letters when there are `count`, oldest burial first. */
  async letters(count: number): Promise<readonly InboxDeadLetter[]> {
    const { role } = need(this.harness, deadLetters)
    const found = async () => {
      const letters = await role.list()
      return letters.length === count ? letters : undefined
    }
    return await this.time.eventually(`${count} dead letters`, found, patience)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const living = this.#processes.filter(({ life }) => !life.isOver)
    const stopped = living.map(({ consumer }) => consumer.stop())
    for (const { consumer, life } of this.#processes) {
      if (!life.isOver) continue
      consumer.stop().catch(() => undefined)
      life.clear()
    }
    await this.time.within(4000, Promise.allSettled(stopped))
  }

  #done(): ReadonlySet<string> {
    return new Set(this.#processes.flatMap(({ done }) => done))
  }

  async #start(connections: Connections, options: ProcessOptions): Promise<ServiceProcess> {
    const process = new ServiceProcess(this.harness, connections, this.time, options)
    this.#processes.push(process)
    await process.consumer.start()
    return process
  }
}

/** Members that are killed are missed by a busy broker after a while. */
const patience = { withinMs: 12_000 }
