// #region inbox
import { describeInbox } from '@waybill/conformance'
import { memoryDatabase, memoryInbox } from '@waybill/memory'
import { describe, it } from 'vitest'

describeInbox('my-inbox', { describe, it }, async () => {
  const database = memoryDatabase()
  const inbox = memoryInbox({ database })
  const second = memoryInbox({ database })
  return {
    inbox,
    runner: inbox,
    reopen: async () => ({ inbox: second, runner: second }),
    close: async () => undefined,
  }
})
// #endregion
