import { Client } from 'pg'
import { afterAll, expect, it } from 'vitest'
import { onServer, sharedPostgres, startPgBouncer } from '../../src/containers/index.ts'

const upstream = await sharedPostgres()

async function backends(url: string): Promise<readonly number[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const sql = 'select pg_backend_pid() as pid'
    const [first, second] = [await client.query(sql), await client.query(sql)]
    return [first, second].map(({ rows }) => rows[0].pid)
  } finally {
    await client.end()
  }
}

onServer(upstream.available ? await startPgBouncer({ upstream }) : upstream, { it }, (pooler) => {
  afterAll(() => pooler.stop())

  it('says its own version', () => {
    expect(pooler.version).toMatch(/^1\.\d+\.\d+$/)
  })

  it('gives the same backend to one session after the other', async () => {
    const database = await pooler.createDatabase()
    const [first] = await backends(database.url)
    expect(await backends(database.url)).toEqual([first, first])
    await database.drop()
  })

  it('reaches the server behind it again after a kill', async () => {
    await pooler.kill()
    await expect(backends(pooler.url)).rejects.toThrow(/ECONNREFUSED/)
    await pooler.restart()
    expect(await backends(pooler.url)).toHaveLength(2)
  })
})
