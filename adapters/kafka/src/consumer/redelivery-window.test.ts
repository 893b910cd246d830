import { expect, test } from 'vitest'
import { redeliveryWindow } from './redelivery-window.ts'

const topic = (settings: Record<string, string>) => ({ topic: 't', settings: new Map(Object.entries(settings)) })
const week = { 'retention.ms': '604800000', 'cleanup.policy': 'delete' }

test.each([
  ['the longest of the topics', [topic(week), topic({ ...week, 'retention.ms': '1000' })], 604_800_000],
  ['for ever without a limit', [topic(week), topic({ ...week, 'retention.ms': '-1' })], Number.POSITIVE_INFINITY],
  ['for ever with compaction alone', [topic({ ...week, 'cleanup.policy': 'compact' })], Number.POSITIVE_INFINITY],
  ['limited with compaction and deletion', [topic({ ...week, 'cleanup.policy': 'compact,delete' })], 604_800_000],
  ['unknown where the broker does not say', [topic(week), topic({ 'cleanup.policy': 'delete' })], null],
  ['unknown without topics', [], null],
])('a redelivery window is %s', (_name, topics, expected) => {
  expect(redeliveryWindow(topics)).toBe(expected)
})
