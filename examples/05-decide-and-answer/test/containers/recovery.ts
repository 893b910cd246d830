import type { Service } from '@waybill/examples-testing'
import { expect } from 'vitest'
import type { Step } from '../../src/step-names.ts'
import { type Bank, ready } from './bank.ts'
import { expectAllOnce, input } from './requests.ts'

/** Somebody asks, and the service dies at this step. Answers the asker, who goes on waiting. */
export async function dieAt(bank: Bank, step: Step): Promise<Service> {
  const credit = await bank.start('credit', ready('credit'), { env: { DIE_AT: step } })
  const ask = await bank.start('ask', ready('ask'), { input })
  expect(await credit.ended, credit.output).toMatchObject({ signal: 'SIGKILL' })
  return ask
}

/**
 * Starts the service again, and expects that the asker gets its answers, and each request one. Answers how many answers came
 * more than once.
 */
export async function expectRecovery(bank: Bank, ask: Service): Promise<number> {
  const credit = await bank.start('credit', ready('credit'))
  expect(await ask.ended, ask.output).toMatchObject({ code: 0 })
  const repeated = await expectAllOnce(bank)
  expect(await credit.terminate(), credit.output).toMatchObject({ code: 0 })
  return repeated
}
