import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'
import { describe, expect, it, vi } from 'vitest'
import { kept, template } from './template.ts'

const builder = new Kysely<{ orders: { id: string; total: number } }>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

describe('template', () => {
  it('builds and compiles once, at the first use', () => {
    const build = vi.fn(() => builder.selectFrom('orders').select('id'))
    const statement = template(build)
    expect(build).not.toHaveBeenCalled()
    expect(statement({}).sql).toBe(statement({}).sql)
    expect(build).toHaveBeenCalledTimes(1)
  })

  it('puts the values where they were taken, beside constants and as often as they occur', () => {
    const statement = template<{ readonly id: string; readonly least: number }, unknown>((parameter) =>
      builder
        .selectFrom('orders')
        .select(sql`${parameter(({ least }) => least)}`.as('least'))
        .where(
          'id',
          '=',
          parameter(({ id }) => id),
        )
        .where('total', '>', 5)
        .where(
          'total',
          '>=',
          parameter(({ least }) => least),
        ),
    )
    expect(statement({ id: 'a', least: 7 }).parameters).toEqual([7, 'a', 5, 7])
    expect(statement({ id: 'b', least: 8 }).parameters).toEqual([8, 'b', 5, 8])
  })
})

describe('kept', () => {
  it('makes each thing once, and forgets the oldest beyond its limit', () => {
    const make = vi.fn((key: number) => ({ key }))
    const get = kept(make, 2)
    expect(get(1)).toBe(get(1))
    get(2)
    get(3)
    expect(make).toHaveBeenCalledTimes(3)
    get(2)
    expect(make).toHaveBeenCalledTimes(3)
    get(1)
    expect(make).toHaveBeenCalledTimes(4)
  })
})
