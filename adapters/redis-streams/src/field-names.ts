import { cloudEventNames } from '@waybill/core/contracts'

/** How a message stands in an entry. See the README for the table. */
export type MessageFormat =
  /** Fields of our own, beside `content-type`, `traceparent` and `tracestate`. */
  | 'waybill'
  /** CloudEvents 1.0 in binary mode. `source` is the URI reference that says who produces the events. */
  | { readonly cloudEvents: { readonly source: string } }

/** What a header of a user must not be taken for. */
export const reservedName: RegExp = /^(?:waybill-|ce_|content-type$|traceparent$|tracestate$)/

/** CloudEvents has no binding for Redis: this is the prefix of its Kafka binding. */
export const eventNames: ReturnType<typeof cloudEventNames> = cloudEventNames('ce_')
