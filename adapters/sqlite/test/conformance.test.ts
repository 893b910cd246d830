import { describeInbox, describeRelay, describeStorage } from '@waybill/conformance'
import { describe, it } from 'vitest'
import { inboxHarness, relayHarness, storageHarness } from './harness.ts'

describeStorage('sqlite', { describe, it }, storageHarness)
describeInbox('sqlite', { describe, it }, inboxHarness)
describeRelay('sqlite', { describe, it }, relayHarness)
