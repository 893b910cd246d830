import { consumerRules, inboxRules, publisherRules, relayRules, storageRules } from '@waybill/conformance'
import { expect, test } from 'vitest'
import { pages, readPage } from './code-blocks.ts'

const rules = [...storageRules, ...inboxRules, ...publisherRules, ...consumerRules, ...relayRules]
const ids = new Set(rules.map(({ id }) => id))
const subjects = new Set(rules.map(({ id }) => id.split('/')[0]))

/** What stands as code on a page and begins as the id of a rule does. */
function namedRules(page: string): readonly string[] {
  const code = [...readPage(page).matchAll(/`([a-z-]+)\/([a-z-]+)`/g)]
  return code.filter(([, subject = '']) => subjects.has(subject)).map(([, subject, rest]) => `${subject}/${rest}`)
}

test.each(pages)('the rules that %s names exist', (page) => {
  expect(namedRules(page).filter((id) => !ids.has(id))).toEqual([])
})

test.each(['kafka', 'rabbitmq', 'redis-streams'])('%s says what order holds at its consumers, by rules', (adapter) => {
  const [, table = ''] = readPage(`adapters/${adapter}/README.md`).split('| order at the consumer | holds | rule |\n')
  const rows =
    table
      .split('\n\n')[0]
      ?.split('\n')
      .slice(1)
      .filter((row) => row.startsWith('|')) ?? []
  expect(rows.length).toBeGreaterThan(2)
  for (const row of rows) {
    const [, , holds = '', rule = ''] = row
      .split(' | ')
      .flatMap((cell) => cell.split('| '))
      .map((cell) => cell.trim())
    if (holds.startsWith('yes')) expect(rule, row).toMatch(/^`consume\//)
  }
})
