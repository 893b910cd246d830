/** Does the work for each item, up to `limit` at a time, begun in their order. Answers in that order, too. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const answers = new Map<number, R>()
  const open = [...items.entries()]
  const worker = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) answers.set(next[0], await work(next[1]))
  }
  await Promise.all(Array.from({ length: Math.max(1, limit) }, worker))
  return items.map((_, index) => answers.get(index) as R)
}
