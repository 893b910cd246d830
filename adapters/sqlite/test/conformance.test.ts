import { describeInbox, describeRelay, describeStorage, pairHarness } from '@waybill/conformance'
import { describe, it } from 'vitest'
import { inbox, publisher, storage } from './harness.ts'

describeStorage('sqlite', { describe, it }, storage)
describeInbox('sqlite', { describe, it }, inbox)
describeRelay('sqlite with the memory broker', { describe, it }, pairHarness(storage, publisher))
