import {
  describeConsumer,
  describeEffects,
  describeInbox,
  describePublisher,
  describeRelay,
  describeStorage,
  effectsHarness,
  pairHarness,
} from '@waybill/conformance'
import { describe, it } from 'vitest'
import { consumer, inbox, publisher, storage } from './harness.ts'

describeStorage('memory', { describe, it }, storage, { stress: 2 })
describeInbox('memory', { describe, it }, inbox, { stress: 2 })
describePublisher('memory', { describe, it }, publisher)
describeConsumer('memory', { describe, it }, consumer)
describeRelay('memory', { describe, it }, pairHarness(storage, publisher))
describeEffects('memory', { describe, it }, effectsHarness(inbox, consumer), { stress: 2 })
