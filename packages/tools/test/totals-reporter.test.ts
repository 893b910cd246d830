import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

const reporter = fileURLToPath(new URL('../src/test/stages/totals-reporter.ts', import.meta.url))
// Beside the project's modules, so that the file finds Vitest.
const folder = mkdtempSync(fileURLToPath(new URL('.totals-', import.meta.url)))
afterAll(() => rmSync(folder, { recursive: true }))

const file = `
import { describe, it } from 'vitest'
const failing = (message, times) => () => {
  if (times-- > 0) throw new Error(message)
}
describe('mine keeps the storage rules', () => {
  it('late once', failing('expected within 80 ms: an answer', 1))
  it('late twice', failing('expected within 80 ms: an answer', 2))
  it('broken once', failing('a message was lost', 1))
  it('kept', () => {})
})
it('another test, once', failing('a message was lost', 1))
it.skip('skipped', () => {})
`

it('fails for a rule that was broken or late once, and names another test that passed only the second time', () => {
  const totals = join(folder, 'totals.json')
  writeFileSync(join(folder, 'some.test.js'), file)
  const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url))
  const args = [vitest, 'run', '--root', folder, '--retry=1', `--reporter=${reporter}`]
  const env = { ...process.env, WAYBILL_TOTALS_FILE: totals }
  const { status } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  const { output: _, ...result } = JSON.parse(readFileSync(totals, 'utf8'))
  expect(result).toEqual({
    passed: 4,
    failed: 3,
    failures: [
      'some.test.js > mine keeps the storage rules > late twice: expected within 80 ms: an answer',
      'some.test.js > mine keeps the storage rules > late once: expected within 80 ms: an answer',
      'some.test.js > mine keeps the storage rules > broken once: a message was lost',
    ],
    notes: ['passed only the second time: some.test.js > another test, once: a message was lost'],
    skipped: [{ name: 'skipped', reason: 'no reason given' }],
  })
  expect(status).toBe(1)
})
