import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

it('shows an example that is a file and runs', async () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(await read('../README.md')) ?? []
  expect(await read('./readme-example.ts')).toBe(example)
  await import('./readme-example.ts')
})
