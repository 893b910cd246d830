/** Our end of the channel to the process that has started us. */
export interface Parent<Input, ToChild, FromChild> {
  readonly input: Input
  /** Resolves when it has been sent. What the parent is no longer there to hear is dropped. */
  send(message: FromChild & object): Promise<void>
  onMessage(listener: (message: ToChild) => void): void
  /** Lets the process end. */
  disconnect(): void
}

/** Ctrl-C reaches every process of the terminal, but the parent says when to stop; without a parent there is nothing to do. */
export function asChild<Input, ToChild, FromChild>(): Parent<Input, ToChild, FromChild> {
  const text = process.argv[2]
  if (process.send === undefined || text === undefined) throw new Error('This module is run by `npm run crash`')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  let leaving = false
  process.once('disconnect', () => {
    if (!leaving) process.exit(1)
  })
  return {
    input: JSON.parse(text) as Input,
    send: (message) => new Promise((resolve) => void process.send?.(message, () => resolve())),
    onMessage: (listener) => void process.on('message', (message) => listener(message as ToChild)),
    disconnect() {
      leaving = true
      if (process.connected) process.disconnect()
    },
  }
}
