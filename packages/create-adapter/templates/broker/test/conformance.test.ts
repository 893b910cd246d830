import { describeConsumer, describePublisher } from '@waybill/conformance'
import { describe, it } from 'vitest'
import { consumer, publisher } from './harness.ts'

describePublisher('acme', { describe, it }, publisher, { stress: 2 })
describeConsumer('acme', { describe, it }, consumer, { stress: 2 })
