import type { ChildMessage } from './child.ts'

export interface Parent {
  /** Tells the parent that the work itself begins. */
  ready(): void
  /** Resolves when the parent has had enough. */
  readonly stopped: Promise<void>
}

/** Does `work` with the parent's input and sends what it answers. */
export async function runAsChild<Input, Report>(
  work: (input: Input, parent: Parent) => Promise<Report>,
): Promise<void> {
  const stopped = Promise.withResolvers<void>()
  process.once('message', () => stopped.resolve())
  process.once('disconnect', () => stopped.resolve())
  const input: Input = JSON.parse(process.argv[2] ?? '')
  const report = await work(input, { ready: () => send({ type: 'ready' }), stopped: stopped.promise })
  // A parent that was stopped itself is not there any more.
  if (!process.connected) return
  send({ type: 'report', report })
  process.disconnect()
}

function send(message: ChildMessage<unknown>): void {
  if (process.send === undefined) throw new Error('This module is run by the benchmarks, as a child process')
  process.send(message)
}
