import { describe, it } from 'vitest'
import { describeConsumer, describeInbox, describePublisher, describeRelay, describeStorage } from '../src/index.ts'
import {
  memoryConsumerHarness,
  memoryHarness,
  memoryInboxHarness,
  memoryPublisherHarness,
  memoryRelayHarness,
} from './memory.ts'

describeStorage('memory', { describe, it }, () => memoryHarness())
describeInbox('memory', { describe, it }, () => memoryInboxHarness())
describePublisher('memory', { describe, it }, () => memoryPublisherHarness())
describeConsumer('memory', { describe, it }, () => memoryConsumerHarness())
describeRelay('memory', { describe, it }, () => memoryRelayHarness())
