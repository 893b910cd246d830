import { expect, it } from 'vitest'
import { acceptanceOf } from '../src/broker/kafka/printed-record.ts'

const headers = 'waybill-id:a,waybill-type:told,content-type:application/json,crash-relay:relay-1.2'

it('reads what Kafka prints of a record', () => {
  const line = `LogAppendTime:1795237039897\tPartition:2\tOffset:17\t${headers}\thot-1\t{"key":"hot-1"}`
  expect(acceptanceOf('orders', line)).toEqual({
    id: 'a',
    topic: 'orders',
    key: 'hot-1',
    payload: '{"key":"hot-1"}',
    relay: 'relay-1.2',
    at: 1_795_237_039_897,
  })
})

it('knows a record without a key, and one without our headers', () => {
  const line = 'LogAppendTime:1\tPartition:0\tOffset:3\tNO_HEADERS\tnull\tx'
  expect(acceptanceOf('mail', line)).toMatchObject({
    id: 'without an id: mail, Partition:0, Offset:3',
    key: null,
    relay: 'unknown',
  })
})

it('passes over what is no record', () => {
  expect(acceptanceOf('mail', 'Processed a total of 2 messages')).toBeUndefined()
})
