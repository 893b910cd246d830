/**
 * `committed`: messages have just been committed. `maybe-soon`: messages were written in a transaction that only the caller
 * can commit, at a time that only the caller knows.
 */
export type WakeKind = 'committed' | 'maybe-soon'

type Listener = (kind: WakeKind) => void

const listenersByStorage = new WeakMap<object, Set<Listener>>()

/** Tells the relays of this process that `storage` has, or may soon have, new messages. */
export function wakeRelays(storage: object, kind: WakeKind): void {
  for (const listener of listenersByStorage.get(storage) ?? []) listener(kind)
}

/** Calls `listener` at every wakeup of this storage instance; answers how to stop that. Listeners must not throw. */
export function onWake(storage: object, listener: Listener): () => void {
  const listeners = listenersByStorage.get(storage) ?? new Set()
  listenersByStorage.set(storage, listeners.add(listener))
  return () => {
    listeners.delete(listener)
  }
}
