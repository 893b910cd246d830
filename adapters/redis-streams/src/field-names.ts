import type { Message } from '@waybill/core/contracts'

/** How a message stands in an entry. See the README for the table. */
export type MessageFormat =
  /** Fields of our own, beside `content-type`, `traceparent` and `tracestate`. */
  | 'waybill'
  /** CloudEvents 1.0 in binary mode. `source` is the URI reference that says who produces the events. */
  | { readonly cloudEvents: { readonly source: string } }

type Facts = Exclude<keyof Message, 'topic' | 'payload' | 'headers'>

/** What a header of a user must not be taken for. */
export const reservedName: RegExp = /^(?:waybill-|ce_|content-type$|traceparent$|tracestate$)/

/** Before the names of a user's headers that would be taken for ours: who enqueues by plain SQL can choose any. */
export const escapePrefix = 'waybill-header-'

export const waybillNames: Readonly<Record<Facts, string>> = {
  id: 'waybill-id',
  type: 'waybill-type',
  contentType: 'content-type',
  schemaVersion: 'waybill-schema-version',
  createdAt: 'waybill-created-at',
  orderingKey: 'waybill-key',
  aggregateType: 'waybill-aggregate-type',
  aggregateId: 'waybill-aggregate-id',
  sequence: 'waybill-sequence',
  correlationId: 'waybill-correlation-id',
  causationId: 'waybill-causation-id',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
}

/**
 * CloudEvents has no binding for Redis: these are the names of its Kafka binding. `partitionkey`, `sequence`, `traceparent`
 * and `tracestate` are its documented extensions, the others are ours.
 */
export const cloudEventNames: Readonly<Record<Facts, string>> = {
  id: 'ce_id',
  type: 'ce_type',
  contentType: 'content-type',
  schemaVersion: 'ce_schemaversion',
  createdAt: 'ce_time',
  orderingKey: 'ce_partitionkey',
  aggregateType: 'ce_aggregatetype',
  aggregateId: 'ce_subject',
  sequence: 'ce_sequence',
  correlationId: 'ce_correlationid',
  causationId: 'ce_causationid',
  traceparent: 'ce_traceparent',
  tracestate: 'ce_tracestate',
}
