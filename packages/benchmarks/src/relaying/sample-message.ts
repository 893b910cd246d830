import type { AnyMessages, EnqueueItem, EnqueueOptions } from '@waybill/core'

/** A payload of about 350 bytes of JSON. */
export interface OrderPlaced {
  readonly orderId: number
  readonly note: string
}

const note = 'x'.repeat(320)

export function orderPlaced(orderId: number): OrderPlaced {
  return { orderId, note }
}

/** The same as an item of `enqueueMany`; there are ten thousand keys. */
export function orderItem(orderId: number): EnqueueItem<AnyMessages> {
  return { type: 'order.placed', payload: orderPlaced(orderId), topic: 'orders', orderingKey: keyOf(orderId) }
}

/** Where the message of an order goes. `aggregates`: it also names the order as its aggregate. */
export function messageOptions(orderId: number, aggregates: boolean): EnqueueOptions & { readonly topic: string } {
  const options = { topic: 'orders', orderingKey: keyOf(orderId) }
  return aggregates ? { ...options, aggregateType: 'order', aggregateId: String(orderId) } : options
}

export function keyOf(orderId: number): string {
  return `order-${orderId % 10_000}`
}
