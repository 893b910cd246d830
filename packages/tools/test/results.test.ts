import { describe, expect, it } from 'vitest'
import { withGeneratedPart } from '../src/results/generated-part.ts'
import { staleRules } from '../src/results/reports.ts'
import { renderRetries } from '../src/results/retries.ts'
import { renderTables } from '../src/results/tables.ts'

const result = {
  level: 'required',
  passed: 1,
  failed: 0,
  skipped: [],
  rules: [{ id: 'a/b', result: 'passed' }],
} as const
const versions = { node: '24.0.0', '@waybill/core': '1.0.0', PostgreSQL: '17.11' }
const reportOf = (file: string, ...results: Parameters<typeof renderTables>[0][number]['results']) => ({
  file,
  versions,
  results,
})

describe('renderTables', () => {
  it('names the server, and leaves empty what an adapter has not', () => {
    const report = reportOf('docs/conformance/storage-postgres.json', {
      ...result,
      storage: 'postgres',
      contract: 'storage',
    })
    const row = '| [postgres](docs/conformance/storage-postgres.json) | PostgreSQL 17.11 | 1 of 1 |  |  |  |'
    expect(renderTables([report])).toContain(row)
  })

  it('shows a pair that fails, and one that was not tried', () => {
    const pair = (storage: string, broker: string, failed: number) =>
      reportOf(`${storage}-${broker}`, { ...result, storage, broker, contract: 'relay', failed })
    const tables = renderTables([pair('mysql', 'kafka', 2), pair('sqlite', 'redis', 0)])
    expect(tables).toContain('| mysql | **✗ 2** of 3 |  |')
    expect(tables).toContain('| sqlite |  | 1 of 1 |')
  })
})

describe('renderRetries', () => {
  const rule = 'effects/keeps-order-over-a-crash'
  const page = '../spec/effects.md#effectskeeps-order-over-a-crash'
  const rowOf = (...verdicts: { broker: string; result: 'passed' | 'failed' | 'skipped'; reason?: string }[]) => {
    const results = verdicts.map(({ broker, ...verdict }) => {
      return { ...result, storage: 'postgres', broker, contract: 'effects', rules: [{ id: rule, ...verdict }] }
    })
    return renderRetries(results)
      .split('\n')
      .find((line) => line.includes(`[\`${rule}\`](${page})`))
  }

  it('says what the pairs of each broker have shown, with the rule', () => {
    const reason = "the harness has no capability ordering 'key'"
    const row = rowOf({ broker: 'kafka', result: 'passed' }, { broker: 'redis', result: 'skipped', reason })
    expect(row).toMatch(/killed/)
    expect(row).toContain(`| [kept](${page}) | [*not promised*](${page}) |`)
  })

  it('shows a failure of one pair among others, and what nobody has verified', () => {
    const row = rowOf(
      { broker: 'kafka', result: 'passed' },
      { broker: 'kafka', result: 'failed' },
      { broker: 'redis', result: 'skipped', reason: 'the harness has no crash (a killed consumer)' },
    )
    expect(row).toContain(`| [**✗ fails**](${page}) | [not verified](${page}) |`)
  })

  it('says that a dead letter lets its key go on', () => {
    const id = 'effects/buries-what-fails-for-good'
    const rules = [{ id, result: 'passed' } as const]
    expect(renderRetries([{ ...result, broker: 'kafka', contract: 'effects', rules }])).toContain('| [not kept](')
  })
})

describe('withGeneratedPart', () => {
  it('replaces what stands between the marks, and misses them', () => {
    const page = (part: string) => `a\n<!-- results: npm run docs:results -->\n${part}\n<!-- /results -->\nb`
    expect(withGeneratedPart(page('old'), 'new')).toBe(page('new'))
    expect(withGeneratedPart('a', 'new')).toBeNull()
  })
})

describe('staleRules', () => {
  const report = reportOf('x', { ...result, storage: 'x', contract: 'storage' })

  it('finds nothing in a report of the rules that there are', () => {
    expect(staleRules(report, new Map([['storage', new Set(['a/b'])]]))).toEqual([])
  })

  it('finds rules that are new, and rules that are gone', () => {
    expect(staleRules(report, new Map([['storage', new Set(['a/new'])]]))).toEqual(['a/b', 'a/new'])
  })
})
