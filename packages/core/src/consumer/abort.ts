/** A signal that can be aborted by itself and follows others. */
export interface LinkedAbort {
  readonly signal: AbortSignal
  abort(reason: unknown): void
  /** Lets go of the signals that are followed, which may live much longer. */
  unlink(): void
}

export function linkAbort(...followed: readonly AbortSignal[]): LinkedAbort {
  return link(followed, listen)
}

/**
 * As {@link linkAbort}, for signals that many follow at a time: a signal looks through all its listeners for each that is added
 * or removed, so each of these gets one for all.
 */
export function linkSharedAbort(...followed: readonly AbortSignal[]): LinkedAbort {
  return link(followed, follow)
}

/** Calls `abort` when the signal fires. Answers how to stop that. */
type Follow = (signal: AbortSignal, abort: () => void) => () => void

function link(followed: readonly AbortSignal[], follow: Follow): LinkedAbort {
  const controller = new AbortController()
  const unfollow = followed.map((signal) => {
    const abort = () => controller.abort(signal.reason)
    if (signal.aborted) abort()
    return follow(signal, abort)
  })
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink() {
      for (const stop of unfollow) stop()
    },
  }
}

const listen: Follow = (signal, abort) => {
  signal.addEventListener('abort', abort)
  return () => signal.removeEventListener('abort', abort)
}

const followers = new WeakMap<AbortSignal, Set<() => void>>()

const follow: Follow = (signal, abort) => {
  const known = followers.get(signal) ?? listenForAll(signal)
  known.add(abort)
  return () => known.delete(abort)
}

function listenForAll(signal: AbortSignal): Set<() => void> {
  const known = new Set<() => void>()
  followers.set(signal, known)
  listen(signal, () => {
    for (const abort of known) abort()
  })
  return known
}

/** Settles as `work` does, or rejects with the signal's reason, whichever comes first. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
