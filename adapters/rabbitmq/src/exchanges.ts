import type { PublishOutcome } from '@waybill/core/contracts'
import { exchangeRefused, isRefusal } from './errors.ts'
import type { PublishChannel } from './publisher-link.ts'

/**
 * Makes sure that exchanges are there before anything is published to them: a missing one closes the channel, and with it go the
 * confirms of everybody else. It is asked on a channel of its own, which the answer no closes.
 *
 * Answers what became of those that are not there. Rejects if the connection is lost.
 */
export async function requireExchanges(
  { model, exchanges }: PublishChannel,
  wanted: ReadonlySet<string>,
  topology: 'existing' | 'create',
): Promise<ReadonlyMap<string, PublishOutcome>> {
  const refused = new Map<string, PublishOutcome>()
  for (const exchange of wanted) {
    if (exchanges.has(exchange)) continue
    const channel = await model.createChannel()
    channel.on('error', () => undefined)
    try {
      // The default exchange is always there, and may not be asked for.
      if (exchange !== '' && topology === 'create') await channel.assertExchange(exchange, 'topic', { durable: true })
      else if (exchange !== '') await channel.checkExchange(exchange)
      exchanges.add(exchange)
      await channel.close()
    } catch (error) {
      if (!isRefusal(error)) throw error
      refused.set(exchange, exchangeRefused(exchange, error))
    }
  }
  return refused
}
