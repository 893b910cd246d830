import { describeConsumer, describePublisher } from '@waybill/conformance'
import { onServer } from '@waybill/conformance/containers'
import { describe, it } from 'vitest'
import { consumer, consumerHarness, publisher } from './harness.ts'
import { findServer } from './server.ts'

const server = await findServer()

const options = { stress: 2 }
const cloudEvents = { cloudEvents: { source: '/shop' } }

onServer(server, { it }, () => {
  describePublisher('rabbitmq', { describe, it }, publisher, options)
  describePublisher('rabbitmq in CloudEvents', { describe, it }, (rule) => publisher(rule, cloudEvents), options)
  describeConsumer('rabbitmq', { describe, it }, consumer, options)
  describeConsumer('rabbitmq in CloudEvents', { describe, it }, () => consumerHarness({ format: cloudEvents }), options)
  const singleActive = () => consumerHarness({ singleActiveConsumer: true })
  describeConsumer('rabbitmq with a single active consumer', { describe, it }, singleActive, options)
})
