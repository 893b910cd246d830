import { readFile } from 'node:fs/promises'
import { expect, it, vi } from 'vitest'
import { emptyDatabase, onEachServer } from './database.ts'

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

it('the example of the README is a file', async () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(await read('../README.md')) ?? []
  expect(await read('./readme-example.ts')).toBe(example)
})

await onEachServer((server) => {
  it('the example of the README runs', async () => {
    await using test = await emptyDatabase(server)
    vi.stubEnv('DATABASE_URL', test.url)
    vi.resetModules()
    await import('./readme-example.ts')
    vi.unstubAllEnvs()
    expect(await test.rows('select status from waybill_messages')).toEqual([{ status: 'PUBLISHED' }])
  })

  it('an INSERT and a trigger of another program are producers', async () => {
    await using test = await emptyDatabase(server)
    const statements = [...(await read('../README.md')).matchAll(/```sql producer\n([\s\S]*?)```/g)]
    const { migrateMysql } = await import('../src/index.ts')
    await migrateMysql({ db: test.kysely() })
    await test.admin.query('create table orders (id varchar(36) primary key, total int)')
    for (const [, sql] of statements) await test.admin.query(sql ?? '')
    await test.admin.query("insert into orders values ('o-2', 7)")
    expect(await test.rows('select topic, ordering_key, status from waybill_messages order by position')).toEqual([
      { topic: 'orders', ordering_key: 'o-1', status: 'PENDING' },
      { topic: 'orders', ordering_key: 'o-2', status: 'PENDING' },
    ])
  })
})
