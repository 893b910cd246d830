import { checkCatalogue, checkOptions, type OptionCheck } from '../settings/check-options.ts'
import { eventNames } from './consumer-events.ts'
import type { ResolvedConsumerOptions } from './consumer-options.ts'

/** @throws `ConfigurationError` with everything that is wrong. */
export function checkConsumerOptions<Tx>(options: ResolvedConsumerOptions<Tx>): void {
  checkOptions('Consumer', (check) => {
    checkParts(options, check)
    checkRanges(options, check)
    checkDeadLetters(options, check)
  })
}

function checkParts<Tx>(
  { name, group, source, inbox, messages, outbox }: ResolvedConsumerOptions<Tx>,
  check: OptionCheck,
): void {
  const isFunction = (value: unknown) => typeof value === 'function'
  for (const [option, value] of Object.entries({ name, group })) {
    const holds = typeof value === 'string' && value !== '' && value.length <= 255
    check.that(holds, { option, value, rule: 'must be a name of at most 255 characters' })
  }
  check.that(isFunction(source?.consume), { option: 'source', value: source, rule: 'must be a BrokerConsumer' })
  check.that(isFunction(inbox?.record) && isFunction(inbox.transaction), {
    option: 'inbox',
    value: inbox,
    rule: 'must be an InboxStorage that is a TransactionRunner too',
  })
  checkCatalogue(check, messages)
  check.that(outbox === undefined || isFunction(outbox.within), {
    option: 'outbox',
    value: outbox,
    rule: 'must be an Outbox',
  })
  for (const type of messages?.definitions?.keys() ?? []) {
    const rule = 'has the name of an event of the consumer: rename the type'
    check.that(!eventNames.includes(type), { option: 'messages', value: type, rule })
  }
}

function checkRanges<Tx>(options: ResolvedConsumerOptions<Tx>, check: OptionCheck): void {
  const { concurrency, maxInFlight, retry } = options
  check.integer('concurrency', concurrency, 1)
  check.integer('maxInFlight', maxInFlight, 1)
  check.integer('handlerTimeoutMs', options.handlerTimeoutMs, 1)
  check.integer('retry.maxAttempts', retry?.maxAttempts, 1)
  check.integer('immediateRetries', options.immediateRetries, 0)
  check.integer('maxCrashes', options.maxCrashes, 1)
  check.integer('receiptRetentionMs', options.receiptRetentionMs, 1)
  check.integer('pruneIntervalMs', options.pruneIntervalMs, 0)
  check.integer('redriveIntervalMs', options.redriveIntervalMs, 0)
  check.integer('shutdownTimeoutMs', options.shutdownTimeoutMs, 0)
  check.that(!(maxInFlight < concurrency), {
    option: 'maxInFlight',
    value: maxInFlight,
    rule: `must not be less than concurrency (${concurrency})`,
  })
}

function checkDeadLetters<Tx>(options: ResolvedConsumerOptions<Tx>, check: OptionCheck): void {
  const { unknownType, deadLetters, redriveAfter, inbox } = options
  const known = ['ignore', 'reject', 'dead'].includes(unknownType)
  check.that(known, { option: 'unknownType', value: unknownType, rule: "must be 'ignore', 'reject' or 'dead'" })
  const topic = typeof deadLetters === 'object' && typeof deadLetters?.publisher?.publish === 'function'
  const place = deadLetters === 'inbox' || deadLetters === 'broker' || (topic && deadLetters.topic !== '')
  const rule = "must be 'inbox', 'broker', or a publisher and a topic"
  check.that(place, { option: 'deadLetters', value: deadLetters, rule })
  const kept = deadLetters !== 'inbox' || inbox?.deadLetters !== undefined
  check.that(kept, {
    option: 'deadLetters',
    value: deadLetters,
    rule: `is more than the inbox '${inbox?.name}' can do`,
  })
  if (redriveAfter === undefined) return
  check.integer('redriveAfter.delayMs', redriveAfter.delayMs, 0)
  check.integer('redriveAfter.times', redriveAfter.times, 1)
  const comesBack = deadLetters === 'inbox'
  check.that(comesBack, { option: 'redriveAfter', value: redriveAfter, rule: "needs deadLetters: 'inbox'" })
}
