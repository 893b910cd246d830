import { describeInbox, describeStorage } from '@waybill/conformance'
import { describe, it } from 'vitest'
import { inbox, storage } from './harness.ts'

describeStorage('node-sqlite', { describe, it }, storage, { stress: 2 })
describeInbox('node-sqlite', { describe, it }, inbox, { stress: 2 })
