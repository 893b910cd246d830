import { ConfigurationError } from '../contracts/index.ts'
import type { DeliveryTerms } from './delivery-terms.ts'

/**
 * Compares how long receipts are kept with how long the broker may deliver again.
 *
 * @throws {@link ConfigurationError} if a message can come back when its receipt is gone, unless that is allowed.
 */
export async function checkRetention<Tx>(terms: DeliveryTerms<Tx>, topics: readonly string[]): Promise<void> {
  const { source, receiptRetentionMs, allowShortRetention } = terms.options
  const windowMs = await redeliveryWindow(terms, topics)
  if (windowMs === null || windowMs < receiptRetentionMs) return
  const finite = Number.isFinite(windowMs)
  const often = finite ? `for ${windowMs} ms` : 'for ever'
  const text = `'${source.name}' may deliver a message again ${often}, and receipts are kept for ${receiptRetentionMs} ms: one that comes back later takes effect twice`
  if (finite && !allowShortRetention) {
    const rule = `must be more than the broker's ${windowMs} ms, or be meant: allowShortRetention. ${text}`
    throw new ConfigurationError('Consumer.start', [{ option: 'receiptRetentionMs', value: receiptRetentionMs, rule }])
  }
  terms.events.emit('warning', text)
}

async function redeliveryWindow<Tx>(
  { options, events }: DeliveryTerms<Tx>,
  topics: readonly string[],
): Promise<number | null> {
  try {
    return (await options.source.redeliveryWindowMs?.(topics)) ?? null
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    events.emit('warning', `'${options.source.name}' does not tell how long it may deliver a message again: ${why}`)
    return null
  }
}

/** Removes receipts that are old enough. Answers how long to wait before the next time. */
export async function pruneReceipts<Tx>({ options, events, draining }: DeliveryTerms<Tx>): Promise<number> {
  const { inbox, receiptRetentionMs, pruneIntervalMs } = options
  try {
    await inbox.prune({ olderThanMs: receiptRetentionMs, signal: draining })
  } catch (error) {
    if (!draining.aborted) events.emit('error', error instanceof Error ? error : new Error(String(error)))
  }
  return pruneIntervalMs
}
