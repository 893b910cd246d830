import assert from 'node:assert/strict'
import type { InboxBurial, InboxDeadLetter } from '@waybill/core/contracts'
import { need, type Rule } from '../rule.ts'
import { awkwardMessages, comparable } from '../samples.ts'
import { deadLetters } from './abilities.ts'
import type { AnyInboxHarness } from './harness.ts'
import { burial, buryAll, consumer, dueKeys, foreignBurial, keysOf, letterMessage, only } from './letters.ts'

const requires = [deadLetters]
const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)

/** What is given up is kept, and can be found. */
export const letterRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'letters/keep-what-was-delivered',
    level: 'required',
    statement: 'A dead letter MUST hold message, body, headers, key and source as they were buried, bit for bit.',
    intent: 'The message that could not be read is the one of which a byte was lost on the way to who looks at it.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      const awkward = awkwardMessages().map((message, index) => burial(`m${index}`, { message }))
      const raw = { body: everyByte, headers: { constructor: 'x', empty: '', nul: '\u0000\ud800' }, key: 'k\u0000é' }
      const burials = [
        ...awkward,
        burial('both', { raw: { ...raw, body: everyByte } }),
        foreignBurial('foreign', { raw }),
        foreignBurial('bare', { raw: { body: new Uint8Array(), headers: {} }, source: { topic: 'mail' } }),
      ]
      for (const each of burials) await letters.role.bury(each)
      const found = await (await letters.other()).role.list()
      assert.deepEqual(found.map(delivered), burials.map(delivered))
    },
  },
  {
    id: 'letters/say-why',
    level: 'required',
    statement: 'A dead letter MUST hold reason, error, attempts and time of its death, and stay until somebody asks.',
    intent: 'An operator finds a body without a cause.',
    requires,
    async verify(harness, { time }) {
      const letters = need(harness, deadLetters)
      const error = { code: 'HANDLER_FAILED', message: `it's "no" ü 🚚 ${'x'.repeat(1900)}` }
      await letters.role.bury(burial('m', { error, reason: 'crashes', attempts: 7 }))
      const { diedAt, ...letter } = await only(letters)
      const { reason, attempts, redrives, redriveInMs } = letter
      assert.deepEqual({ error: letter.error, reason, attempts }, { error, reason: 'crashes', attempts: 7 })
      assert.deepEqual({ redrives, redriveInMs }, { redrives: 0, redriveInMs: null })
      assert.equal('editedPayload' in letter, false)
      assert.ok(Math.abs(diedAt - time.wallNow()) < 600_000, `diedAt ${diedAt} is not the time of the database`)
      assert.deepEqual(await dueKeys(letters), [])
    },
  },
  {
    id: 'letters/one-of-a-key',
    level: 'required',
    statement:
      'Burying a key again MUST add up attempts, keep redrives, place, contents and edited payload, and take the new reason, error and time.',
    intent: 'A letter that fails again loses what the operator has mended, or its place before its successors.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await buryAll(letters, ['a', 'b'])
      await letters.role.redrive({ keys: ['a'] })
      await letters.role.edit({ consumer, key: 'a' }, everyByte)
      const before = (await letters.role.list({ keys: ['a'] }))[0]
      const message = letterMessage('a', { payload: everyByte })
      const error = { code: 'X', message: 'again' }
      await letters.role.bury(burial('a', { attempts: 2, reason: 'rejected', error, message }))
      const found = await letters.role.list()
      assert.deepEqual(keysOf(found), ['a', 'b'])
      const [after] = found
      assert.ok(before && after)
      assert.deepEqual(delivered(after), delivered(burial('a')))
      assert.deepEqual(Buffer.from(after.editedPayload ?? []), Buffer.from(everyByte))
      const { attempts, redrives, reason, redriveInMs } = after
      assert.deepEqual(
        { attempts, redrives, reason, redriveInMs, error: after.error },
        { attempts: 7, redrives: 1, reason: 'rejected', redriveInMs: null, error },
      )
      assert.ok(after.diedAt >= before.diedAt)
    },
  },
  {
    id: 'letters/consumers-are-independent',
    level: 'required',
    statement: 'Letters MUST be kept apart by consumer and key, compared byte for byte.',
    intent: "Billing's dead letter replaces the mailer's of the same message.",
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      const receipts = [
        ['billing', 'm'],
        ['mailer', 'm'],
        ['Billing', 'm'],
        ['billing', 'M'],
        ['billing', 'm '],
      ].map(([name, key]) => ({ consumer: `${name}`, key: `${key}` }))
      for (const receipt of receipts) await letters.role.bury(burial('m', { receipt }))
      assert.deepEqual(
        (await letters.role.list()).map(({ receipt }) => receipt),
        receipts,
      )
      await letters.role.redrive({ consumer: 'mailer' })
      assert.deepEqual(await dueKeys(letters), [])
    },
  },
  {
    id: 'letters/list-oldest-burial-first',
    level: 'required',
    statement: 'list MUST answer the oldest burials first, `limit` of them, 100 by default.',
    intent: 'The letter that all others wait for is on the last page.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      const keys = Array.from({ length: 101 }, (_, index) => `m${(index * 37) % 101}`)
      await buryAll(letters, keys)
      assert.deepEqual(keysOf(await letters.role.list()), keys.slice(0, 100))
      assert.deepEqual(keysOf(await letters.role.list({ consumer, limit: 2 })), keys.slice(0, 2))
    },
  },
  {
    id: 'letters/filters-hold-together',
    level: 'required',
    statement: 'Of a filter all conditions MUST hold; what is no message has the topic of its source, and no type.',
    intent: 'An operator discards the letters of one topic, and those of all others.',
    requires,
    async verify(harness) {
      const { role } = need(harness, deadLetters)
      const mail = letterMessage('b', { topic: 'mail', type: 'mail.sent', orderingKey: 'l' })
      await role.bury(burial('a'))
      await role.bury(burial('b', { message: mail, reason: 'rejected' }))
      await role.bury(burial('c', { receipt: { consumer: 'mailer', key: 'c' } }))
      await role.bury(foreignBurial('d', { source: { topic: 'mail' } }))
      const found = async (filter: Parameters<typeof role.list>[0]) => keysOf(await role.list(filter)).join('')
      assert.equal(await found({ consumer }), 'abd')
      assert.equal(await found({ keys: ['a', 'd', 'x'] }), 'ad')
      assert.equal(await found({ keys: [] }), '')
      assert.equal(await found({ topic: 'mail' }), 'bd')
      assert.equal(await found({ type: 'mail.sent' }), 'b')
      assert.equal(await found({ orderingKey: 'l' }), 'b')
      assert.equal(await found({ reason: 'unreadable' }), 'd')
      assert.equal(await found({ topic: 'orders', consumer: 'mailer' }), 'c')
      assert.equal(await role.discard({ topic: 'mail', reason: 'rejected' }), 1)
      assert.equal(await found({ all: true }), 'acd')
      assert.equal(await role.discard({ all: true }), 3)
    },
  },
  {
    id: 'letters/an-empty-filter-is-refused',
    level: 'required',
    statement: 'redrive and discard MUST refuse an empty filter without `all: true`, changing nothing.',
    intent: 'A filter whose only condition was undefined empties the table.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await buryAll(letters, ['a'])
      await assert.rejects(letters.role.discard({}), { code: 'CONFIGURATION' })
      await assert.rejects(letters.role.redrive({}), { code: 'CONFIGURATION' })
      await assert.rejects(letters.role.redrive({ all: true }, { perSecond: 0 }), { code: 'CONFIGURATION' })
      assert.equal((await only(letters)).redriveInMs, null)
    },
  },
  {
    id: 'letters/edit-keeps-the-original',
    level: 'required',
    statement: 'edit MUST set beside the original what the handler gets; `null` MUST take it away again.',
    intent: 'A slip while mending a payload destroys the only copy of it.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      const receipt = { consumer, key: 'a' }
      assert.equal(await letters.role.edit(receipt, everyByte), false)
      await buryAll(letters, ['a', 'b'])
      assert.equal(await letters.role.edit(receipt, everyByte), true)
      const [edited, other] = await letters.role.list()
      assert.ok(edited && other)
      assert.deepEqual(Buffer.from(edited.editedPayload ?? []), Buffer.from(everyByte))
      assert.deepEqual(delivered(edited), delivered(burial('a')))
      assert.equal('editedPayload' in other, false)
      assert.equal(await letters.role.edit(receipt, null), true)
      assert.equal('editedPayload' in ((await letters.role.list())[0] ?? {}), false)
    },
  },
]

/** What was delivered, as plain data: bytes as hex. */
function delivered({ receipt, scope, message, raw, source }: InboxBurial | InboxDeadLetter): unknown {
  return {
    receipt,
    scope,
    source,
    message: message && comparable(message),
    key: raw.key,
    headers: Object.entries(raw.headers).toSorted(),
    body: Buffer.from(raw.body).toString('hex'),
  }
}
