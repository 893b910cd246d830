import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { consumerRules, effectsRules, inboxRules, publisherRules, relayRules, storageRules } from '@waybill/conformance'
import { expect, onTestFinished, test } from 'vitest'
import { type AdapterKind, adapterNames, FolderInUseError, generateAdapter } from '../src/index.ts'
import { generate, type TestReport } from './generated.ts'

const kinds = [
  { kind: 'storage', rules: [...storageRules, ...inboxRules], methods: ['laneSource', 'describeStorage'] },
  { kind: 'broker', rules: [...publisherRules, ...consumerRules], methods: ['describePublisher', 'describeConsumer'] },
] as const

/** Rules of the relay and the consumer with an adapter in their hands. */
const drivenByCore = new Set([...relayRules, ...effectsRules].map(({ id }) => id))

async function made(kind: AdapterKind) {
  const generated = await generate(kind, '@shop/waybill-big-table')
  onTestFinished(() => generated[Symbol.asyncDispose]())
  return generated
}

test.each(kinds)('a $kind compiles as it is made', async ({ kind }) => {
  await (await made(kind)).check()
})

test.each(kinds)('of a $kind nothing is left of the name of the template', async ({ kind, methods }) => {
  const { files, read } = await made(kind)
  const texts = await Promise.all(files.map(read))
  expect(texts.join('\n')).not.toMatch(/acme|0\.0\.0-waybill/i)
  for (const method of methods) expect(texts.join('\n')).toContain(method)
  expect(files).toContain('.gitignore')
  expect(JSON.parse(await read('package.json'))).toMatchObject({ name: '@shop/waybill-big-table' })
})

test.each(kinds)('the suite of a $kind says rule by rule what is missing', async ({ kind, rules }) => {
  const all = await (await made(kind)).test()
  const reports = all.filter((report) => !drivenByCore.has(ruleOf(report)))
  expect(reports.map(ruleOf)).toEqual(rules.map(({ id }) => id))
  const failed = reports.filter(({ status }) => status === 'failed')
  for (const report of failed) {
    expect(report.failureMessages.join('\n'), ruleOf(report)).toMatch(/\S+ is not written yet: it must \S+/)
  }
  // What is said at once, without a method: facts, and closing what was never opened.
  const passed = reports.filter(({ status }) => status === 'passed').map(ruleOf)
  expect(
    passed.filter(
      (rule) => !/^(storage|inbox|publisher|consumer)\/(states-its-(facts|version)|closes-twice)$/.test(rule),
    ),
  ).toEqual([])
  expect(failed.length).toBeGreaterThan(reports.length / 2)
})

test.each(kinds)('what core does with a $kind is skipped until its author says so', async ({ kind }) => {
  const reports = (await (await made(kind)).test()).filter((report) => drivenByCore.has(ruleOf(report)))
  expect(new Set(reports.map(ruleOf))).toEqual(drivenByCore)
  for (const { status } of reports) expect(status).toMatch(/^(skipped|pending)$/)
})

test('a package asks for the tools that adapters are tested with here, and for these contracts', async () => {
  const catalog = readFileSync(new URL('../../../pnpm-workspace.yaml', import.meta.url), 'utf8')
  for (const { kind } of kinds) {
    const { devDependencies, peerDependencies } = JSON.parse(await (await made(kind)).read('package.json'))
    for (const name of ['typescript', 'vitest', '@types/node']) {
      const [, version = ''] = new RegExp(`^ {2}"?${name}"?: \\^?(.+)$`, 'm').exec(catalog) ?? []
      expect(devDependencies[name]).toBe(`^${version}`)
    }
    const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(peerDependencies).toEqual({ '@waybill/core': `^${own.version}` })
    for (const name of ['conformance', 'memory']) expect(devDependencies[`@waybill/${name}`]).toBe(`^${own.version}`)
  }
})

test('it is released with the version of the contracts that it knows', () => {
  const { fixed } = JSON.parse(readFileSync(new URL('../../../.changeset/config.json', import.meta.url), 'utf8'))
  const together = ['@waybill/core', '@waybill/memory', '@waybill/conformance', 'create-waybill-adapter']
  expect(fixed).toEqual([expect.arrayContaining(together)])
})

test('a folder that is in use stays as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-adapter-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'precious.txt'), 'mine')
  const names = adapterNames('couch')
  if (names === null) throw new RangeError('no name')
  await expect(generateAdapter({ kind: 'broker', names, folder })).rejects.toThrow(FolderInUseError)
})

function ruleOf({ title }: TestReport): string {
  return title.slice(0, title.indexOf(':'))
}
