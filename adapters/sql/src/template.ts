import { type Compilable, type RawBuilder, sql } from 'kysely'
import type { Statement } from './executor.ts'

/** Stands in a statement for a value that is taken from the values of each execution. */
class Slot {
  readonly pick: (values: never) => unknown
  constructor(pick: (values: never) => unknown) {
    this.pick = pick
  }
}

/** Makes the placeholder of a value. */
export type Parameter<Values> = <T>(pick: (values: Values) => T) => RawBuilder<T>

/** Binds values to a statement. */
export type Template<Values, Row = unknown> = (values: Values) => Statement<Row>

/** Builds and compiles a statement at its first use, and only binds values from then on. */
export function template<Values, Row>(build: (parameter: Parameter<Values>) => Compilable<Row>): Template<Values, Row> {
  let compiled: Statement<Row> | undefined
  return (values) => {
    compiled ??= build((pick) => sql`${new Slot(pick)}`).compile()
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Slot ? parameter.pick(values as never) : parameter,
    )
    return { ...compiled, parameters }
  }
}

/** One thing for each key, made when first asked for. The oldest goes when there are more than `limit`. */
export function kept<Key, T>(make: (key: Key) => T, limit: number): (key: Key) => T {
  const made = new Map<Key, T>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = make(key)
    if (made.size >= limit) for (const oldest of made.keys().take(1)) made.delete(oldest)
    made.set(key, fresh)
    return fresh
  }
}
