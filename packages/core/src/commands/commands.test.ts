import { type MemoryTransaction, memoryDatabase, memoryInbox } from '@waybill/memory'
import { describe, expect, test, vi } from 'vitest'
import { type ManualRuntime, manualRuntime, settled } from '../../test/manual-runtime.ts'
import type { Serializer } from '../contracts/index.ts'
import type { CommandCache } from './command-cache.ts'
import { Commands } from './commands.ts'
import type { CommandsOptions } from './commands-options.ts'

function setup(options: Partial<CommandsOptions<MemoryTransaction>> = {}) {
  const runtime = manualRuntime()
  const inbox = memoryInbox({ database: memoryDatabase({ now: runtime.wallNow }) })
  const commands = new Commands({ inbox, runtime, ...options })
  const errors: Error[] = []
  commands.on('error', (error) => errors.push(error))
  let orders = 0
  const place = async (tx: MemoryTransaction) => {
    orders += 1
    await tx.put('orders', `order-${orders}`, true)
    return { id: `order-${orders}`, note: undefined, at: new Date(0) }
  }
  return { runtime, inbox, commands, errors, place, orders: () => inbox.database.read('orders').size }
}

/** Moves the clock only when there is a timer to wait for: hashing takes time of its own. */
async function inTime<T>(runtime: ManualRuntime, work: Promise<T>): Promise<T> {
  let done = false
  const settle = () => {
    done = true
  }
  work.then(settle, settle)
  while (!done) await (runtime.timers > 0 ? runtime.advance(50) : settled())
  return await work
}

const command = { scope: 'POST /orders', key: 'k1', request: { total: 5, items: [1, 2] } }
const placed = { id: 'order-1', at: '1970-01-01T00:00:00.000Z' }

describe('a command', () => {
  test('is carried out once, and its first answer is that of its repeats', async () => {
    const { commands, place, orders } = setup()
    expect(await commands.execute(command, place)).toEqual({ result: placed, repeated: false })
    const repeat = { ...command, request: { items: [1, 2], total: 5 } }
    expect(await commands.execute(repeat, place)).toEqual({ result: placed, repeated: true })
    expect(orders()).toBe(1)
  })

  test('shares a transaction of the caller, and leaves nothing if that rolls back', async () => {
    const { commands, inbox, place, orders } = setup()
    const failure = new Error('later')
    const failed = inbox.transaction(async (tx) => {
      await commands.idempotent(tx, command, () => place(tx))
      throw failure
    })
    await expect(failed).rejects.toBe(failure)
    const again = await inbox.transaction((tx) => commands.idempotent(tx, command, () => place(tx)))
    expect(again).toMatchObject({ result: { id: 'order-2' }, repeated: false })
    expect(orders()).toBe(1)
  })

  test('that fails may be tried again with its key', async () => {
    const { commands, place, orders } = setup()
    const failure = new Error('no stock')
    await expect(commands.execute(command, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await commands.execute(command, place)).toMatchObject({ repeated: false })
    expect(orders()).toBe(1)
  })

  test('with a key of another request is refused', async () => {
    const { commands, place, orders } = setup()
    await commands.execute(command, place)
    const other = commands.execute({ ...command, request: { total: 6, items: [1, 2] } }, place)
    await expect(other).rejects.toMatchObject({ code: 'COMMAND_MISMATCH', retryable: false })
    expect(await commands.execute({ ...command, scope: 'PUT /orders' }, place)).toMatchObject({ repeated: false })
    expect(orders()).toBe(2)
  })

  test('that is asked for a hundred times at once is carried out once', async () => {
    const { commands, place, orders } = setup()
    const answers = await Promise.all(Array.from({ length: 100 }, () => commands.execute(command, place)))
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1)
    expect(new Set(answers.map(({ result }) => result.id))).toEqual(new Set(['order-1']))
    expect(orders()).toBe(1)
  })

  test('is refused while another is at it, if that is asked for', async () => {
    const { commands, place } = setup({ whenBusy: 'refuse' })
    const gate = Promise.withResolvers<void>()
    const first = commands.execute(command, async (tx) => {
      await gate.promise
      return await place(tx)
    })
    await settled()
    await expect(commands.execute(command, place)).rejects.toMatchObject({ code: 'COMMAND_BUSY', retryable: true })
    gate.resolve()
    expect(await first).toMatchObject({ repeated: false })
  })

  test('is new when its result has expired, and what has expired can be pruned', async () => {
    const { commands, runtime, place } = setup({ retentionMs: 1_000 })
    await commands.execute(command, place)
    await runtime.advance(999)
    expect([await commands.prune(), await commands.execute(command, place)]).toMatchObject([0, { repeated: true }])
    await runtime.advance(1)
    expect(await commands.prune()).toBe(1)
    expect(await commands.execute(command, place)).toMatchObject({ repeated: false })
  })

  test.each([
    ['', {}],
    ['k\u0000', {}],
    ['k'.repeat(256), {}],
    ['k', { scope: 's'.repeat(256) }],
    ['k', { request: new Map() }],
    ['k', { request: undefined }],
  ])('with the key %j and %o is refused', async (key, more) => {
    const { commands, place } = setup()
    const refused = commands.execute({ key, request: 1, ...more }, place)
    await expect(refused).rejects.toMatchObject({
      code: expect.stringMatching(/^(INVALID_MESSAGE|PAYLOAD_)/) as string,
    })
  })
})

describe('a result', () => {
  const bytes = (result: Uint8Array): Serializer => ({
    contentType: 'application/octet-stream',
    serialize: () => result,
    deserialize: (payload) => Array.from(payload),
  })

  test.each([
    ['text', [97, 98]],
    ['no text', [0xff, 0xfe, 0]],
    ['text with NUL', [97, 0]],
    ['empty', []],
    ['text that looks like what is kept of no text', [...new TextEncoder().encode('base64:AA')]],
    ['text with a byte order mark', [0xef, 0xbb, 0xbf, 97]],
  ])('comes back bit for bit if it is %s', async (_name, wanted) => {
    const { commands } = setup({ serializer: bytes(Uint8Array.from(wanted)) })
    const answers = [await commands.execute(command, () => 1), await commands.execute(command, () => 2)]
    expect(answers.map(({ result }) => result)).toEqual([wanted, wanted])
  })

  test('may be nothing', async () => {
    const { commands } = setup()
    await commands.execute(command, () => undefined)
    expect(await commands.execute(command, () => 2)).toEqual({ result: undefined, repeated: true })
  })
})

describe('a cache', () => {
  function cached(options: Partial<CommandsOptions<MemoryTransaction>> = {}) {
    const kept = new Map<string, string>()
    const log: string[] = []
    const cache: { -readonly [Name in keyof CommandCache]: CommandCache[Name] } = {
      async get(key) {
        log.push('get')
        return kept.get(key)
      },
      async set(key, value, ttlMs) {
        log.push(`set for ${ttlMs}`)
        kept.set(key, value)
      },
    }
    return { ...setup({ cache, ...options }), cache, kept, log }
  }

  test('is asked before the database and filled after the commit', async () => {
    const { commands, inbox, place, log, orders } = cached()
    await commands.execute(command, async (tx) => {
      expect(log).toEqual(['get'])
      return await place(tx)
    })
    expect(log).toEqual(['get', 'set for 3600000'])
    const transaction = vi.spyOn(inbox, 'transaction')
    expect(await commands.execute(command, place)).toEqual({ result: placed, repeated: true })
    expect([transaction.mock.calls.length, log.at(-1), orders()]).toEqual([0, 'get', 1])
    const other = commands.execute({ ...command, request: 7 }, place)
    await expect(other).rejects.toMatchObject({ code: 'COMMAND_MISMATCH' })
  })

  test('holds nothing of a command that failed', async () => {
    const { commands, kept } = cached()
    await expect(commands.execute(command, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(kept.size).toBe(0)
  })

  test('that has forgotten is filled from the database', async () => {
    const { commands, place, kept, orders } = cached()
    await commands.execute(command, place)
    for (const lost of ['', 'not JSON', '{"fingerprint":1}', 'null']) {
      for (const key of kept.keys()) kept.set(key, lost)
      expect(await commands.execute(command, place)).toEqual({ result: placed, repeated: true })
    }
    kept.clear()
    expect(await commands.execute(command, place)).toEqual({ result: placed, repeated: true })
    expect([kept.size, orders()]).toEqual([1, 1])
  })

  test('that fails or hangs costs time alone, and is told of once', async () => {
    const { commands, cache, place, errors, runtime, orders } = cached({ cacheTimeoutMs: 50 })
    cache.get = () => Promise.reject(new Error('no Redis'))
    cache.set = () => new Promise(() => undefined)
    expect(await inTime(runtime, commands.execute(command, place))).toMatchObject({ repeated: false })
    cache.get = () => new Promise(() => undefined)
    expect(await inTime(runtime, commands.execute(command, place))).toMatchObject({ repeated: true })
    expect(runtime.now()).toBeLessThan(200)
    expect(orders()).toBe(1)
    expect(errors).toMatchObject([{ cause: { message: 'no Redis' } }])
  })
})

test('wrong options are reported at once', () => {
  const { commands: _, ...without } = memoryInbox()
  const wrong = { inbox: without, retentionMs: 0, whenBusy: 'x' as 'wait', cache: {} as CommandCache }
  expect(() => setup(wrong)).toThrow(/inbox = .*retentionMs = 0.*whenBusy = 'x'.*cache = /)
})
