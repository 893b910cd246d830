import { expect, test } from 'vitest'
import { readIdempotencyKey } from '../src/idempotency-key.ts'

test.for<[string, string]>([
  ['"k-1"', 'k-1'],
  ['"a key, with spaces"', 'a key, with spaces'],
  [String.raw`"\"\\"`, String.raw`"\ `.trim()],
  [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
])('%s is a key', ([header, key]) => {
  expect(readIdempotencyKey(header)).toBe(key)
})

test.for([
  [undefined],
  [''],
  ['k-1'],
  ['""'],
  ['"k-1'],
  ['"k"1"'],
  [String.raw`"\k"`],
  ['"schlüssel"'],
  ['"tab\there"'],
  // Node joins what is there twice.
  ['"k-1", "k-2"'],
  [`"${'k'.repeat(256)}"`],
])('%s is no key', ([header]) => {
  expect(readIdempotencyKey(header)).toBeUndefined()
})
