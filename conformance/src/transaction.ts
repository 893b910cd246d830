declare const opaque: unique symbol

/**
 * Stands for whatever transaction type the adapter has. Rules hand it from the runner to the storage or inbox and never look
 * inside.
 */
export interface OpaqueTransaction {
  readonly [opaque]: true
}
