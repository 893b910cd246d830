import { expect, it } from 'vitest'
import { cloudEventNames, escapeHeaderName, headerNames, messageOf, userHeaders } from './message-headers.ts'

const reserved = /^(?:waybill-|ce_|content-type$)/
const body = new Uint8Array([1])
const read = (headers: Readonly<Record<string, string>>) =>
  messageOf('orders', { body, headers }, reserved, (fact) => headers[headerNames[fact]])

it('gives users their headers back under their own names, whatever they are called', () => {
  const own = { 'x-tenant': 'a', 'content-type': 'mine', 'waybill-id': 'mine', 'waybill-header-x': 'b', ce_id: 'c' }
  const sent = Object.entries(own).map(([name, value]) => [escapeHeaderName(name, reserved), value])
  expect(sent.map(([name]) => name)).toEqual([
    'x-tenant',
    'waybill-header-content-type',
    'waybill-header-waybill-id',
    'waybill-header-waybill-header-x',
    'waybill-header-ce_id',
  ])
  expect(userHeaders({ ...Object.fromEntries(sent), 'waybill-type': 'ours' }, reserved)).toEqual(own)
})

it('escapes what is escaped already, whatever is reserved', () => {
  const few = /^waybill-id$/
  const name = escapeHeaderName('waybill-header-x', few)
  expect(userHeaders({ [name]: 'b' }, few)).toEqual({ 'waybill-header-x': 'b' })
})

it('makes a message of an id and a type, with what is usual for the rest', () => {
  expect(read({ 'waybill-id': 'i', 'waybill-type': 't' })).toEqual({
    id: 'i',
    topic: 'orders',
    type: 't',
    payload: body,
    contentType: 'application/octet-stream',
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
  })
})

it.each([
  ['no id', { 'waybill-type': 't' }],
  ['an empty id', { 'waybill-id': '', 'waybill-type': 't' }],
  ['no type', { 'waybill-id': 'i' }],
  ['a version that is no number', { 'waybill-id': 'i', 'waybill-type': 't', 'waybill-schema-version': 'new' }],
])('takes nothing for a message that has %s', (_, headers) => {
  expect(read(headers)).toBeUndefined()
})

it.each([
  ['1700000000000', 1_700_000_000_000],
  ['2023-11-14T22:13:20.000Z', 1_700_000_000_000],
  ['yesterday', 0],
])('reads the time %s as %d', (text, createdAt) => {
  expect(read({ 'waybill-id': 'i', 'waybill-type': 't', 'waybill-created-at': text })).toMatchObject({ createdAt })
})

it('leaves out a sequence that is another program’s own text', () => {
  const message = { 'waybill-id': 'i', 'waybill-type': 't' }
  expect(read({ ...message, 'waybill-sequence': '7' })).toMatchObject({ sequence: 7 })
  expect(read({ ...message, 'waybill-sequence': 'a-7' })).not.toHaveProperty('sequence')
  expect(read({ ...message, 'waybill-sequence': '' })).not.toHaveProperty('sequence')
})

it('names every fact of a CloudEvent with the prefix of its binding, and the content type as the protocol does', () => {
  const names = cloudEventNames('ce_')
  expect(Object.keys(names)).toEqual(Object.keys(headerNames))
  expect(Object.values(names).filter((name) => !name.startsWith('ce_'))).toEqual(['content-type'])
})
