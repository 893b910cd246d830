/** How many a second `work` does, which answers how many it did. */
export async function perSecond(work: () => number | Promise<number>): Promise<number> {
  const startedAt = performance.now()
  const count = await work()
  return (count / (performance.now() - startedAt)) * 1000
}
