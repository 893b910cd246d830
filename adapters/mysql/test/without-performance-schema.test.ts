import { onServer, startMariadb } from '@waybill/conformance/containers'
import { createPool } from 'mysql2/promise'
import { afterAll, expect, it, vi } from 'vitest'
import { migrateMysql, mysqlStorage } from '../src/index.ts'
import { readmeSql } from './readme.ts'

const mariadb = await startMariadb({ arguments: ['--performance-schema=OFF'] })

onServer(mariadb, { it }, (server) => {
  afterAll(() => server.stop())

  it('a relay has no floor on MariaDB without performance_schema, until the plugin of the README is there', async () => {
    const { url } = await server.createDatabase()
    const pool = createPool(url)
    await migrateMysql({ pool })
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const warnings = async () => {
      warn.mockClear()
      const storage = mysqlStorage({ pool })
      await storage.join({ label: 'relay', leaseMs: 30_000 })
      await storage.close()
      return warn.mock.calls.map(([text, options]) => [Object(options).code, String(text)])
    }
    const [remedy = ''] = readmeSql('The view of locks').slice(1)
    expect(await warnings()).toEqual([['WAYBILL_NO_FLOOR', expect.stringContaining(remedy.toUpperCase().slice(0, 14))]])
    await pool.query(remedy)
    expect(await warnings()).toEqual([])
    await pool.end()
  })
})
