/** Tells of work written by other processes. A hint: wakeups may be lost, repeated or spurious, and polling goes on. */
export interface WakeupSource {
  /**
   * Calls `wake` soon after another process has committed messages. The storage keeps the subscription alive across
   * reconnects, and calls `wake` once after each, for what it may have missed.
   */
  subscribe(wake: () => void): Promise<AsyncDisposable>
}
