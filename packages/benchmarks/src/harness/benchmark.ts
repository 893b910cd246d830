import type { Servers } from '../servers/servers.ts'
import type { BenchResult } from './result.ts'

export const suites = ['store', 'relay', 'enqueue', 'latency', 'inbox'] as const
export const serverStorages = ['postgres', 'mysql', 'mariadb'] as const
export const storages = ['sqlite', 'memory', 'postgres', 'mysql', 'mariadb'] as const
export const brokers = ['kafka', 'rabbitmq', 'redis-streams'] as const

export type Suite = (typeof suites)[number]
export type ServerStorage = (typeof serverStorages)[number]
export type Storage = (typeof storages)[number]
export type Broker = (typeof brokers)[number]

export interface BenchSettings {
  readonly rounds: number
  /** 1 for the sizes that the targets speak of; less for a quick look. */
  readonly scale: number
  /** Says what is being done, on standard error. */
  readonly progress: (text: string) => void
  /** Servers of databases and brokers, for those that need one. */
  readonly servers: Servers
}

/** A group of contenders that are measured together. */
export interface Benchmark {
  readonly suite: Suite
  readonly storage: Storage
  /** Absent: what is published is accepted at once. */
  readonly broker?: Broker
  readonly name: string
  run(settings: BenchSettings): Promise<readonly BenchResult[]>
}

/** A size at the scale of the run, and never so small that there is nothing to do. */
export function scaled(settings: BenchSettings, size: number, atLeast: number): number {
  return Math.max(atLeast, Math.round(size * settings.scale))
}
