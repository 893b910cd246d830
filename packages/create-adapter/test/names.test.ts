import { describe, expect, it } from 'vitest'
import { adapterNames } from '../src/index.ts'

describe('adapterNames', () => {
  it.each([
    ['waybill-couch', 'waybill-couch', 'couch', 'Couch'],
    ['my-storage', 'my-storage', 'my', 'My'],
    ['@shop/waybill-big-table', 'waybill-big-table', 'bigTable', 'BigTable'],
    ['waybill-adapter', 'waybill-adapter', 'waybillAdapter', 'WaybillAdapter'],
    ['waybill-4d', 'waybill-4d', 'waybill4d', 'Waybill4d'],
  ])('%s: functions and types are named after what is its own', (packageName, folder, camel, pascal) => {
    expect(adapterNames(packageName)).toMatchObject({ packageName, folder, camel, pascal })
  })

  it.each(['', 'My', '4d', '@shop', 'a b', '../up', '@shop/../up', 'x'.repeat(215)])('refuses %j', (packageName) => {
    expect(adapterNames(packageName)).toBeNull()
  })
})
