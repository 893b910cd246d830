import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { applyEdit, pathOf, putIntoCode } from '../src/mutants/load-hook.ts'
import { mutants } from '../src/mutants/mutants.ts'

test('mutants have names of their own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  '%s: its snippets are in the code',
  (_name, mutant) => {
    for (const [file, edits] of Map.groupBy(mutant.edits, (edit) => edit.file)) {
      const source = readFileSync(pathOf(file), 'utf8')
      expect(edits.reduce(applyEdit, source)).not.toBe(source)
    }
  },
)

test('a snippet that is not there exactly once, and a mutant that does not exist, are errors', () => {
  const edit = { file: 'a.ts', find: 'x', replace: 'y' }
  expect(() => applyEdit('abc', edit)).toThrow('has this snippet 0 times')
  expect(() => applyEdit('x x', edit)).toThrow('has this snippet 2 times')
  expect(() => putIntoCode('no such mutant')).toThrow("There is no mutant 'no such mutant'")
})
