import type { BrokerPublisher, InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { config } from './config.ts'
import type { Step } from './step-names.ts'

// For trying out what happens when the process dies. A service of yours has no need of any of it.

/** Says where a request is. If that is `DIE_AT`, the process ends as in a crash: at once, and without cleaning up. */
export function reached(step: Step): void {
  if (step === config.DIE_AT) process.kill(process.pid, 'SIGKILL')
}

export function inboxWithSteps<Tx>(inbox: InboxStorage<Tx> & TransactionRunner<Tx>): typeof inbox {
  return {
    ...inbox,
    record: async (tx, receipts) => {
      reached('before-receipt')
      return await inbox.record(tx, receipts)
    },
    transaction: async (work, options) => {
      const workWithStep: typeof work = async (tx) => {
        const result = await work(tx)
        reached('before-commit')
        return result
      }
      return await inbox.transaction(workWithStep, options)
    },
  }
}

export function publisherWithSteps(publisher: BrokerPublisher): BrokerPublisher {
  const { specificationVersion, name, capabilities } = publisher
  return {
    specificationVersion,
    name,
    capabilities,
    publish: async (messages, options) => {
      reached('before-publish')
      return await publisher.publish(messages, options)
    },
    close: () => publisher.close(),
  }
}
