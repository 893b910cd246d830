import { memoryInbox } from '@waybill/memory'
import { expect, test } from 'vitest'
import { type InboxStorage, type Message, type Receipt, SpecificationError } from '../contracts/index.ts'
import { Inbox } from './inbox.ts'

function setup() {
  const receipts: Receipt[] = []
  const storage: InboxStorage<Receipt[]> = {
    specificationVersion: 'v1',
    name: 'test',
    async record(tx, wanted) {
      return wanted.map((receipt) => {
        if (tx.some(({ consumer, key }) => consumer === receipt.consumer && key === receipt.key)) return 'duplicate'
        tx.push(receipt)
        return 'recorded'
      })
    },
    prune: async () => 0,
  }
  return { storage, receipts }
}

const message: Message = {
  id: 'm1',
  topic: 'orders',
  type: 'order.placed',
  payload: new Uint8Array(),
  contentType: 'application/json',
  headers: {},
  schemaVersion: 1,
  createdAt: 0,
}

test('work is done once a consumer and message, after its receipt', async () => {
  const { storage, receipts } = setup()
  const billing = new Inbox({ inbox: storage, consumer: 'billing' })
  const done: number[] = []
  const work = () => done.push(receipts.length)
  expect(await billing.guard(receipts, message, work)).toBe('processed')
  expect(await billing.guard(receipts, message, work)).toBe('duplicate')
  expect(await new Inbox({ inbox: storage, consumer: 'mail' }).guard(receipts, message, work)).toBe('processed')
  expect(done).toEqual([1, 2])
  expect(receipts[0]).toEqual({ consumer: 'billing', key: 'm1' })
})

test('what work throws reaches the caller, who rolls back', async () => {
  const { storage, receipts } = setup()
  const failure = new Error('mine')
  const inbox = new Inbox({ inbox: storage, consumer: 'billing' })
  await expect(inbox.guard(receipts, message, () => Promise.reject(failure))).rejects.toBe(failure)
})

test('dedupKey decides what is the same', async () => {
  const { storage, receipts } = setup()
  const inbox = new Inbox({ inbox: storage, consumer: 'billing', dedupKey: ({ topic, type }) => `${topic}:${type}` })
  expect(await inbox.guard(receipts, message, () => undefined)).toBe('processed')
  expect(await inbox.guard(receipts, { ...message, id: 'm2' }, () => undefined)).toBe('duplicate')
})

test('without a usable key nothing is done', async () => {
  const { storage, receipts } = setup()
  const inbox = new Inbox({
    inbox: storage,
    consumer: 'billing',
    dedupKey: ({ correlationId }) => correlationId as string,
  })
  const work = () => {
    throw new Error('must not be called')
  }
  await expect(inbox.guard(receipts, message, work)).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
  expect(receipts).toEqual([])
})

test('wrong options are reported at once', () => {
  const { storage } = setup()
  expect(() => new Inbox({ inbox: {} as typeof storage, consumer: '' })).toThrow(/inbox = .*consumer = ''/)
  const old = { ...storage, specificationVersion: 'v0' as 'v1' }
  expect(() => new Inbox({ inbox: old, consumer: 'billing' })).toThrow(SpecificationError)
})

test('many messages are guarded in one call, and work is done with those that are new', async () => {
  const { storage, receipts } = setup()
  const inbox = new Inbox({ inbox: storage, consumer: 'billing' })
  const of = (id: string): Message => ({ ...message, id })
  await inbox.guard(receipts, of('b'), () => undefined)
  const calls: (readonly string[])[] = []
  const work = (fresh: readonly Message[]) => calls.push(fresh.map(({ id }) => id))
  const all = [of('a'), of('b'), of('c'), of('a')]
  expect(await inbox.guardMany(receipts, all, work)).toEqual(['processed', 'duplicate', 'processed', 'duplicate'])
  expect(await inbox.guardMany(receipts, all, work)).toEqual(Array.from(all, () => 'duplicate'))
  expect(await inbox.guardMany(receipts, [], work)).toEqual([])
  expect(calls).toEqual([['a', 'c']])
  const failure = new Error('mine')
  await expect(inbox.guardMany(receipts, [of('d')], () => Promise.reject(failure))).rejects.toBe(failure)
})

// The recipe of `guard`: hear of it, do not find the row, roll back, and be told again.
test('a receiver that hears of work before its row can be read does it when the row is there', async () => {
  const memory = memoryInbox()
  const inbox = new Inbox({ inbox: memory, consumer: 'worker' })
  const deliver = () =>
    memory.transaction((tx) =>
      inbox.guard(tx, message, async () => {
        if (tx.get('jobs', 'job-1') !== 'ready') throw new Error('job-1 cannot be read yet')
        await tx.put('jobs', 'job-1', 'done')
      }),
    )
  const producer = memory.database.begin()
  await producer.put('jobs', 'job-1', 'ready')
  await expect(deliver()).rejects.toThrow('cannot be read yet')
  producer.commit()
  expect(await deliver()).toBe('processed')
  expect(await deliver()).toBe('duplicate')
  expect(memory.database.read('jobs').get('job-1')).toBe('done')
})
