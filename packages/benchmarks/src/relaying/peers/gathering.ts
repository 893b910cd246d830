import type { PlainMessage } from '../../brokers/plain-message.ts'
import type { Publish } from '../loops-by-hand.ts'

interface Waiting extends PromiseWithResolvers<void> {
  readonly message: PlainMessage
}

/**
 * For libraries that hand over one message at a time: it is sent with the others that have come meanwhile, by one call. A call
 * of the client for each message would be what is measured otherwise.
 */
export function gathering(publish: Publish, batchSize: number): (message: PlainMessage) => Promise<void> {
  const waiting: Waiting[] = []
  let isSending = false
  const send = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchSize)
      try {
        await publish(batch.map(({ message }) => message))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isSending = false
  }
  return (message) => {
    const own = { message, ...Promise.withResolvers<void>() }
    waiting.push(own)
    if (!isSending) {
      isSending = true
      // What else is handed over in this turn of the event loop goes with it.
      setImmediate(() => void send())
    }
    return own.promise
  }
}
