import { describe, expect, it } from 'vitest'
import { staleRules } from '../src/results/reports.ts'
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

describe('staleRules', () => {
  const report = reportOf('x', { ...result, storage: 'x', contract: 'storage' })

  it('finds nothing in a report of the rules that there are', () => {
    expect(staleRules(report, new Map([['storage', new Set(['a/b'])]]))).toEqual([])
  })

  it('finds rules that are new, and rules that are gone', () => {
    expect(staleRules(report, new Map([['storage', new Set(['a/new'])]]))).toEqual(['a/b', 'a/new'])
  })
})
