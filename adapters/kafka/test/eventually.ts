import { setTimeout as pass } from 'node:timers/promises'

const stepMs = 20

/** Looks until `probe` answers something, and fails with what it threw last, or with `what`, at the deadline. */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, withinMs = 40_000): Promise<T> {
  const giveUpAt = performance.now() + withinMs
  for (;;) {
    let failure: unknown
    try {
      const answer = await probe()
      if (answer !== undefined) return answer
    } catch (error) {
      failure = error
    }
    if (performance.now() > giveUpAt) throw new Error(`expected within ${withinMs} ms: ${what}`, { cause: failure })
    await pass(stepMs)
  }
}
