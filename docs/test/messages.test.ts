import { expect, it } from 'vitest'
import { find, read } from '../site/repository.ts'

const rows = read('docs/reference/messages.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'))

const commonNames = 'packages/core/src/contracts/message-headers.ts'

it.each([
  ['kafka', 3],
  ['rabbitmq', 4],
  ['redis-streams', 5],
])('the names that the page gives for %s stand in its sources, or in those that all share', (adapter, column) => {
  const sources = [...find(`adapters/${adapter}/src/**/*.ts`), commonNames].map(read).join('\n')
  const cells = rows.map((row) => row.split(' | ')[column - 1] ?? '')
  const names = cells.flatMap((cell) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name))
  expect(names.length).toBeGreaterThan(9)
  for (const name of names) {
    const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    expect(
      [name, camel].some((each) => sources.includes(each)),
      `${adapter} knows ${name}`,
    ).toBe(true)
  }
})
