/** The middle one, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const upper = at(sorted, Math.floor(sorted.length / 2))
  return sorted.length % 2 === 1 ? upper : (upper + at(sorted, sorted.length / 2 - 1)) / 2
}

/** The smallest value that `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return at(sorted, Math.max(0, Math.ceil(sorted.length * share) - 1))
}

/** A new array in random order. */
export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item)
}

function at(sorted: readonly number[], index: number): number {
  const value = sorted[index]
  if (value === undefined) throw new RangeError('There are no values')
  return value
}
