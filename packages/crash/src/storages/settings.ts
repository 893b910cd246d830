import type { StorageSettings } from './storage.ts'

const dayMs = 24 * 3_600_000

export function retentionOf({ rows }: StorageSettings): number {
  return rows === 'kept' ? dayMs : 0
}

/** A relay that is stopped inside a transaction may hold others up for a tenth of the lease. */
export function lockTimeoutOf({ leaseMs }: StorageSettings): number {
  return Math.ceil(leaseMs / 10)
}
