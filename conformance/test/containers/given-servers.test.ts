import { afterEach, expect, it, vi } from 'vitest'
import {
  type Database,
  onServer,
  sharedMariadb,
  sharedMysql,
  sharedPgBouncer,
  sharedPostgres,
  startMysql,
  startPostgres,
} from '../../src/containers/index.ts'

const postgres = await sharedPostgres()
const mysql = await sharedMysql()
const mariadb = await sharedMariadb()
const pgBouncer = await sharedPgBouncer()

afterEach(() => {
  vi.unstubAllEnvs()
})

async function madeAndDropped(database: Database): Promise<string> {
  await database.drop()
  return new URL(database.url).pathname
}

onServer(postgres, { it }, (there) => {
  it('uses the PostgreSQL that WAYBILL_TEST_POSTGRES_URL gives', async () => {
    vi.stubEnv('WAYBILL_TEST_POSTGRES_URL', there.url)
    const given = await sharedPostgres()
    expect(given).toMatchObject({ available: true, url: there.url, version: there.version, origin: 'given' })
    if (given.available) expect(await madeAndDropped(await given.createDatabase())).toMatch(/^\/waybill_/)
  })

  it('disrupts no server that was given: there is a reason instead', async () => {
    vi.stubEnv('CI', undefined)
    vi.stubEnv('WAYBILL_TEST_POSTGRES_URL', there.url)
    vi.stubEnv('WAYBILL_TEST_MYSQL_URL', 'mysql://nobody@127.0.0.1:1')
    for (const [server, variable] of [
      [await startPostgres(), 'WAYBILL_TEST_POSTGRES_URL'],
      [await startMysql(), 'WAYBILL_TEST_MYSQL_URL'],
    ] as const) {
      expect(server).toMatchObject({ available: false, reason: expect.stringContaining(variable) })
    }
  })

  it('fails in continuous integration instead', async () => {
    vi.stubEnv('WAYBILL_TEST_POSTGRES_URL', there.url)
    vi.stubEnv('CI', 'true')
    await expect(startPostgres()).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' })
  })
})

onServer(pgBouncer, { it }, (there) => {
  it('uses the PgBouncer that WAYBILL_TEST_PGBOUNCER_URL gives', async () => {
    vi.stubEnv('WAYBILL_TEST_PGBOUNCER_URL', there.url)
    const given = await sharedPgBouncer()
    expect(given).toMatchObject({ available: true, url: there.url, version: there.version, origin: 'given' })
    if (given.available) expect(await madeAndDropped(await given.createDatabase())).toMatch(/^\/waybill_/)
  })
})

onServer(mysql, { it }, (there) => {
  it('uses the MySQL that WAYBILL_TEST_MYSQL_URL gives', async () => {
    vi.stubEnv('WAYBILL_TEST_MYSQL_URL', there.url)
    expect(await sharedMysql()).toMatchObject({ available: true, url: there.url, version: there.version })
  })
})

onServer(mariadb, { it }, (there) => {
  it('uses the MariaDB that WAYBILL_TEST_MARIADB_URL gives', async () => {
    vi.stubEnv('WAYBILL_TEST_MARIADB_URL', there.url)
    expect(await sharedMariadb()).toMatchObject({ available: true, url: there.url, version: there.version })
  })
})
