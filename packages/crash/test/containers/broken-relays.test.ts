import { rm } from 'node:fs/promises'
import { onServer, sharedPostgres } from '@waybill/conformance/containers'
import { expect, it } from 'vitest'
import { runCrash } from '../run-crash.ts'

onServer(await sharedPostgres(), { it }, () => {
  it('finds keys that a relay reverses which ignores open writers', { timeout: 120_000 }, async () => {
    const relayModule = new URL('../broken/ignores-writers.ts', import.meta.url)
    const options = { messages: 1000, relays: 1, kills: 0, calm: true, relayModule } as const
    const { report, folder } = await runCrash({ storage: 'postgres', ...options })
    if (folder !== null) await rm(folder, { recursive: true })
    expect(report.outOfOrder).toBeGreaterThan(0)
    expect({ lost: report.lost, phantom: report.phantom }).toEqual({ lost: 0, phantom: 0 })
  })
})
