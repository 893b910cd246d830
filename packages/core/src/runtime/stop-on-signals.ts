export interface Stoppable {
  stop(): Promise<void>
}

/**
 * Stops relays and consumers, one after the other in the given order, when the process is asked to end. A second signal ends
 * it at once, as without this. Answers how to stop listening.
 *
 * Give consumers before relays: what their handlers enqueue is then published still.
 *
 * @param signals - @default ['SIGTERM', 'SIGINT']
 */
export function stopOnSignals(
  stoppables: readonly Stoppable[],
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
): () => void {
  const stopListening = () => {
    for (const signal of signals) process.off(signal, stop)
  }
  const stop = () => {
    stopListening()
    void stopAll(stoppables)
  }
  for (const signal of signals) process.on(signal, stop)
  return stopListening
}

async function stopAll(stoppables: readonly Stoppable[]): Promise<void> {
  for (const stoppable of stoppables) {
    try {
      await stoppable.stop()
    } catch (error) {
      // biome-ignore lint/suspicious/noConsole: the process ends; there is nobody else to tell
      console.error('Waybill did not stop in good order:', error)
      process.exitCode = 1
    }
  }
}
