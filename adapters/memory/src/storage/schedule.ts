/**
 * Awaited before and after each atomic step of a storage, so that a simulation can interleave actors, delay them or crash
 * them: `read` before a read, `read:reply` after it.
 *
 * To crash an actor, reject: before a step it has no effect, after it the effect stands and its reply is lost, and a
 * transaction that is open is rolled back, as a server does when a connection ends. A promise that never settles is a
 * client that hangs with its transaction open.
 */
export type Schedule = (step: string) => Promise<void>

/** Runs an atomic step between its two scheduling points. */
export async function scheduled<T>(
  schedule: Schedule | undefined,
  step: string,
  run: () => T | Promise<T>,
): Promise<T> {
  if (schedule === undefined) return run()
  await schedule(step)
  const result = await run()
  await schedule(`${step}:reply`)
  return result
}
