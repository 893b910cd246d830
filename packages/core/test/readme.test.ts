import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

describe('the example of the README', () => {
  it('is a file that runs', async () => {
    const [, example] = /```ts\n([\s\S]*?)```/.exec(await read('../README.md')) ?? []
    expect(await read('./readme-example.ts')).toBe(example)
    await import('./readme-example.ts')
  })
})
