import { afterAll, describe, expect, it } from 'vitest'
import { hunts } from './kill.ts'
import { mutantSizes } from './mutant-sizes.ts'

const sizes = mutantSizes()

for (const { contract, rules, mutants, killedBy } of hunts) {
  describe(`mutants of the ${contract} rules`, () => {
    const killers = new Map<string, string[]>(rules.map(({ id }) => [id, []]))

    it('the memory adapter, which they are made of, keeps all of them', async () => {
      expect(await killedBy()).toEqual([])
    })

    it.each(mutants)('%s fails one to five rules', async (mutant) => {
      const failed = await killedBy(mutant)
      for (const id of failed) killers.get(id)?.push(mutant)
      expect(failed.length, failed.join(' ')).toBeGreaterThanOrEqual(1)
      expect(failed.length, failed.join(' ')).toBeLessThanOrEqual(5)
    })

    it.each(mutants)('%s changes at most 15 lines', (mutant) => {
      expect(sizes.get(mutant)).toBeLessThanOrEqual(15)
    })

    it('every rule is failed by a mutant', () => {
      const survivors = [...killers].filter(([, names]) => names.length === 0).map(([id]) => id)
      expect(survivors).toEqual([])
    })

    afterAll(() => process.stdout.write(table(contract, killers)))
  })
}

/** Which mutants each rule catches, for people. */
function table(contract: string, killers: ReadonlyMap<string, readonly string[]>): string {
  const width = Math.max(...[...killers.keys()].map((id) => id.length))
  const lines = [...killers].map(([id, names]) => `  ${id.padEnd(width)}  ${names.join(', ') || 'NO MUTANT'}`)
  return `\n${contract}: ${killers.size} rules\n${lines.join('\n')}\n`
}
