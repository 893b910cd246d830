import { rm } from 'node:fs/promises'
import { onServer, sharedMysql, sharedPostgres } from '@waybill/conformance/containers'
import { expect, it } from 'vitest'
import type { CrashReport } from '../../src/report.ts'
import type { StorageName } from '../../src/storages/storage.ts'
import { runCrash } from '../run-crash.ts'

const timeout = 300_000

/** One relay to which nothing happens: what is broken is its own doing. */
async function runBroken(storage: StorageName, module: string): Promise<CrashReport> {
  const relayModule = new URL(`../broken/${module}`, import.meta.url)
  const { report, folder } = await runCrash({ storage, messages: 1000, relays: 1, kills: 0, calm: true, relayModule })
  if (folder !== null) await rm(folder, { recursive: true })
  return report
}

onServer(await sharedPostgres(), { it }, () => {
  it('finds keys that a relay reverses which ignores open writers', { timeout }, async () => {
    const { outOfOrder, lost, phantom } = await runBroken('postgres', 'ignores-writers.ts')
    expect(outOfOrder).toBeGreaterThan(0)
    expect({ lost, phantom }).toEqual({ lost: 0, phantom: 0 })
  })
})

onServer(await sharedMysql(), { it }, () => {
  it('finds what a relay invents that reads what has not been committed', { timeout }, async () => {
    const { phantom, lost } = await runBroken('mysql', 'reads-uncommitted.ts')
    expect(phantom).toBeGreaterThan(0)
    expect(lost).toBe(0)
  })
})
