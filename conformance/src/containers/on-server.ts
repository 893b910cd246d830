import type { TestRunner } from '../register.ts'
import type { Unavailable } from './servers/server.ts'

/**
 * Registers tests that need a server. Where there is none, registers one test in their place, which is skipped with the
 * reason, so that a run never leaves them out in silence. For runners that hand a test its context, with `skip`, as Vitest
 * and node:test do.
 */
export function onServer<S extends { readonly available: true }>(
  server: S | Unavailable,
  runner: Pick<TestRunner, 'it'>,
  tests: (server: S) => void,
): void {
  if (server.available) tests(server)
  else runner.it(`needs ${server.name}`, async (...context) => skip(context[0], server.reason))
}

function skip(test: unknown, reason: string): void {
  const skipTest: unknown = Object(test).skip
  if (typeof skipTest !== 'function') throw new Error(reason)
  Reflect.apply(skipTest, test, [reason])
}
