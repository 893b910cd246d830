import { describeInbox, describeStorage } from '@waybill/conformance'
import { describe, it } from 'vitest'
import { inbox, storage } from './harness.ts'

describeStorage('acme', { describe, it }, storage, { stress: 2 })
describeInbox('acme', { describe, it }, inbox, { stress: 2 })
