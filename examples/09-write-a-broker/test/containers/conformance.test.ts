import { describeConsumer, describePublisher } from '@waybill/conformance'
import { onServer, sharedNats } from '@waybill/conformance/containers'
import { describe, it } from 'vitest'
import { consumer, publisher } from './harness.ts'

const nats = await sharedNats()

onServer(nats, { it }, ({ url }) => {
  describePublisher('nats', { describe, it }, () => publisher(url), { stress: 2 })
  describeConsumer('nats', { describe, it }, () => consumer(url), { stress: 2 })
})
