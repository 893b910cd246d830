import { expect, it } from 'vitest'
import { problemsOfCommands } from '../site/check/commands.ts'
import { rewriteLinks } from '../site/links.ts'
import { anchorOf, changeProse } from '../site/markdown.ts'
import { includeSnippets } from '../site/snippets.ts'

const pages = new Map([
  ['docs/how-to/README.md', 'how-to/index.md'],
  ['docs/errors.md', 'errors.md'],
])
const link = (target: string) => rewriteLinks(`[x](${target})`, 'docs/how-to/ordering.md', pages)

it('links pages to pages, and files to the repository', () => {
  expect(link('README.md')).toBe('[x](/how-to/index.md)')
  expect(link('../errors.md#errors')).toBe('[x](/errors.md#errors)')
  expect(link('../../LICENSE')).toBe('[x](https://github.com/waybill/waybill/blob/main/LICENSE)')
  expect(link('https://example.com/a')).toBe('[x](https://example.com/a)')
})

it('refuses a link that leads nowhere', () => {
  expect(() => link('../nowhere.md')).toThrow('does not exist')
})

it('leaves code as it is', () => {
  const page = 'a\n```ts\na\n```\n`a` a\n'
  expect(changeProse(page, (prose) => prose.replaceAll('a', 'b'))).toBe('b\n```ts\na\n```\n`a` b\n')
})

it('takes over a region of a file, and refuses one that is not there', () => {
  const reference = '<<< @/docs/test/snippets/kubernetes.test.ts'
  expect(includeSnippets(`${reference}#stop`)).toMatch(/^```ts\nconst relay = new Relay.*\n```$/s)
  expect(() => includeSnippets(`${reference}#start`)).toThrow("no region 'start'")
  expect(() => includeSnippets('<<< @/docs/nothing.ts')).toThrow('no file')
})

it('knows commands that somebody verifies, and no others', () => {
  expect(problemsOfCommands('npm install @waybill/core pg kysely\nnpm test\n')).toEqual([])
  expect(problemsOfCommands('npm install @waybill/cassandra')).toEqual([
    'installs @waybill/cassandra, which no package of ours asks for',
  ])
  expect(problemsOfCommands('npm run nothing')).toHaveLength(1)
  expect(problemsOfCommands('curl http://localhost')).toHaveLength(1)
})

it('gives headings the addresses that GitHub gives them', () => {
  expect(anchorOf('claim/finds-late-commits')).toBe('claimfinds-late-commits')
  expect(anchorOf('What `stop` does, and when')).toBe('what-stop-does-and-when')
})
