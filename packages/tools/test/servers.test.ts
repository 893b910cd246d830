import { describe, expect, it } from 'vitest'
import { summaryLines } from '../src/test/run-stages.ts'
import { resultOf } from '../src/test/stages/servers.ts'

const missing = { available: false, name: 'MySQL', reason: 'no Docker engine answers' } as const

describe('resultOf', () => {
  it('names version and origin of a server in the summary', () => {
    const server = { available: true, name: 'MySQL', version: '9.7.4', origin: 'official image' } as const
    const line = 'tested on MySQL 9.7.4 (official image)'
    expect(summaryLines(resultOf(server, true))).toEqual([line, '1 passed, 0 failed, 0 skipped'])
  })

  it('skips with the reason what cannot be had', () => {
    const line = 'skipped: tests on MySQL (no Docker engine answers)'
    expect(summaryLines(resultOf(missing, false))).toEqual([line, '0 passed, 0 failed, 1 skipped'])
  })

  it('fails in continuous integration', () => {
    expect(resultOf(missing, true)).toMatchObject({
      failed: 1,
      output: 'MySQL is not available: no Docker engine answers',
    })
  })
})
