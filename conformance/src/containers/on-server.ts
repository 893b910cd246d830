import { markSkipped, type TestRunner } from '../register.ts'
import type { Unavailable } from './servers/server.ts'

/**
 * Registers tests that need a server. Where there is none, registers one test in their place, which is skipped with the
 * reason, so that a run never leaves them out in silence.
 */
export function onServer<S extends { readonly available: true }>(
  server: S | Unavailable,
  runner: Pick<TestRunner, 'it'>,
  tests: (server: S) => void,
): void {
  if (server.available) tests(server)
  else runner.it(`needs ${server.name}`, async (...context) => markSkipped(context[0], server.reason))
}
