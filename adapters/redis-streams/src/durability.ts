import type { Redis } from 'ioredis'
import { replyCode } from './errors.ts'
import type { Durability } from './options.ts'

/** What is to be waited for after appending, or undefined if nothing is. */
export interface Confirmation {
  readonly command: 'WAIT' | 'WAITAOF'
  /** How many disks or replicas have to confirm, in the order of the reply. */
  readonly counts: readonly number[]
}

export function confirmationOf(durability: Durability): Confirmation | undefined {
  if (durability === 'memory') return undefined
  if (durability === 'aof') return { command: 'WAITAOF', counts: [1, 0] }
  const { replicas, aof = false } = durability
  return aof ? { command: 'WAITAOF', counts: [1, replicas] } : { command: 'WAIT', counts: [replicas] }
}

/** Redis answers how many have confirmed when the time is over, not whether it was enough. */
export function shortOf({ command, counts }: Confirmation, reply: unknown): string | undefined {
  const got = Array.isArray(reply) ? reply.map(Number) : [Number(reply)]
  if (counts.every((count, index) => (got[index] ?? 0) >= count)) return undefined
  return `${command} was answered with ${got.join(' and ')} where ${counts.join(' and ')} are asked for`
}

const evicting = /^allkeys-/

/**
 * Finds out whether a server can keep what the durability promises. It has to be asked: INFO wants the permission `+info`.
 * Rejects with what to change.
 */
export async function requireDurability(client: Redis, durability: Durability): Promise<void> {
  const confirmation = confirmationOf(durability)
  if (confirmation === undefined) return
  const policy = /maxmemory_policy:(\S+)/.exec(await client.info('memory'))?.[1] ?? 'unknown'
  if (evicting.test(policy)) {
    throw new Error(
      `maxmemory-policy ${policy} may evict whole streams: set noeviction or a volatile policy, or durability: 'memory'`,
    )
  }
  if (confirmation.command === 'WAIT') return
  try {
    // Nothing has been written yet: it is answered at once.
    await client.call('WAITAOF', [...confirmation.counts.map((_, index) => (index === 0 ? 1 : 0)), 1])
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const isOld = /unknown command/i.test(said)
    const advice = isOld ? 'it needs Redis 7.2' : 'switch the append-only file on (appendonly yes)'
    if (replyCode(error) !== 'ERR') throw error
    throw new Error(`Durability 'aof' cannot be had: ${said}; ${advice}, or choose another durability`, {
      cause: error,
    })
  }
}
