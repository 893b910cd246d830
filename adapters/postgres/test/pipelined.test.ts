import { onServer } from '@waybill/conformance/containers'
import type { Suspect } from '@waybill/core/lanes'
import { expect, it } from 'vitest'
import { laneSetup } from './lane-setup.ts'
import { server } from './server.ts'

const suspect: Suspect = { position: 1, lane: 0, crashes: 0 }

onServer(server, { it }, (postgres) => {
  it('a write that fails undoes its transaction, whatever was sent after it', async () => {
    await using test = await laneSetup(postgres)
    const suspects = () => test.store.transaction((tx) => tx.suspects([0]))
    const failing = test.store.transaction(async (tx) => {
      await tx.putSuspects([suspect, suspect])
      await tx.putSuspects([{ ...suspect, position: 2 }])
      await tx.assign([0], 'somebody')
    })
    // Of the first failure, not of those that the server refuses after it.
    await expect(failing).rejects.toThrow(/duplicate key/)
    expect(await suspects()).toEqual([])
    const broken = new Error('Of the work itself')
    const abandoned = test.store.transaction(async (tx) => {
      await tx.putSuspects([suspect])
      throw broken
    })
    await expect(abandoned).rejects.toBe(broken)
    expect(await suspects()).toEqual([])
    await test.store.transaction((tx) => tx.putSuspects([suspect]))
    expect(await suspects()).toEqual([suspect])
  })

  it('what a transaction writes is under way before the first answer is there', async () => {
    await using test = await laneSetup(postgres)
    await test.store.transaction((tx) => tx.now())
    const blocker = await test.begin()
    await blocker.query('lock table waybill_suspects in exclusive mode')
    let sent = false
    const writing = test.store.transaction(async (tx) => {
      await tx.putSuspects([suspect])
      sent = true
    })
    await expect.poll(() => sent).toBe(true)
    await blocker.query('rollback')
    await writing
    expect(await test.store.transaction((tx) => tx.suspects([0]))).toEqual([suspect])
  })
})
