/** Something that a process holds on to, and how it ends with the process. */
export interface Severable<T extends object> {
  readonly value: T
  /** From now on no call answers, those under way included. */
  cut(): void
  /** All of them go on. */
  mend(): void
}

/**
 * A stand-in for `target` whose calls never answer once it is cut: what a killed process does not live to see. Mending it
 * lets the calls that wait go on, as when a process was only paused.
 *
 * @param cutAt - Name of the method whose first call cuts it, before it has had an effect.
 */
export function severable<T extends object>(target: T, cutAt?: keyof T): Severable<T> {
  let gate: PromiseWithResolvers<void> | undefined
  let wasCut = false
  const cut = () => {
    wasCut = true
    gate ??= Promise.withResolvers()
  }
  const value = new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name, object)
      if (typeof member !== 'function') return member
      return async (...parameters: readonly unknown[]) => {
        if (name === cutAt && !wasCut) cut()
        await gate?.promise
        const answer: unknown = await Reflect.apply(member, object, parameters)
        await gate?.promise
        return answer
      }
    },
  })
  return {
    value,
    cut,
    mend() {
      gate?.resolve()
      gate = undefined
    },
  }
}
