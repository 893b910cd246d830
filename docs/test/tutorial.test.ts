import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { find, read, root } from '../site/repository.ts'
import { follow, stepsOf } from '../site/tutorial.ts'

/** Packages as this workspace has them, instead of those of a registry: a test needs no network. */
async function link(folder: string, packages: readonly string[]): Promise<void> {
  for (const name of packages) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(realpathSync(join(root, 'docs', 'node_modules', name)), place, 'junction')
  }
}

const page = 'docs/tutorial/first-outbox.md'

it('does what the first tutorial says, and gets what it promises', { timeout: 120_000 }, async () => {
  const env = { ...process.env, NODE_OPTIONS: '--conditions=@waybill/source' }
  const outcomes = await follow(page, { env, install: link })
  expect(outcomes.length).toBe(4)
  for (const { expected, actual } of outcomes) expect(actual).toBe(expected)
})

it('shows every file that it asks for', () => {
  const steps = stepsOf(page)
  const files = steps.flatMap((step) => (step.type === 'file' ? [step.name] : []))
  const run = steps.flatMap((step) => (step.type === 'command' ? [/^node (\S+)/.exec(step.command)?.[1] ?? ''] : []))
  expect(files).toEqual(['database.ts', 'messages.ts', 'place-order.ts', 'look.ts', 'deliver.ts'])
  for (const file of run.filter((name) => name !== '')) expect(files).toContain(file)
})

it('has the second tutorial install what its files import', () => {
  const steps = stepsOf('docs/tutorial/postgres-kafka.md')
  const installs = steps.flatMap((step) => (step.type === 'command' ? [...step.command.split(' ').slice(2)] : []))
  const files = find('examples/02-postgres-kafka/src/*.ts').map(read)
  const imported = files.flatMap((text) => [...text.matchAll(/ from '([@\w][^']*)'/g)].map(([, name = '']) => name))
  const packages = new Set(imported.filter((name) => !name.startsWith('node:')))
  expect(packages).toContain('@waybill/postgres')
  expect([...packages].filter((name) => !installs.includes(name))).toEqual([])
})
