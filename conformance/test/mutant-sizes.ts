import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('mutants/', import.meta.url)

/** How many lines each exported mutant has in its file, from its `export` to the line that closes it. */
export function mutantSizes(): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const file of readdirSync(folder)) {
    const lines = readFileSync(new URL(file, folder), 'utf8').split('\n')
    for (const [index, line] of lines.entries()) {
      const name = /^export const (\w+): \w+Mutation = /.exec(line)?.[1]
      if (name === undefined) continue
      // What is formatted closes what begins in the first column in the first column.
      const rest = lines.slice(index + 1).findIndex((other) => /^[^\s}\])]|^$/.test(other))
      sizes.set(name, 1 + rest)
    }
  }
  return sizes
}
