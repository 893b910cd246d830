import type { AnyMessages, EnqueueItem } from '@waybill/core'

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

export function keyOf(orderId: number): string {
  return `order-${orderId % 10_000}`
}
