import { describe, expect, test } from 'vitest'
import type { Death } from '../src/history/records.ts'
import { checkNoDuplicate, checkNoPhantom } from '../src/invariants/acceptance.ts'
import { checkDeath } from '../src/invariants/death.ts'
import { type ConsumedMessage, checkEffects, type HandlerRun } from '../src/invariants/effects.ts'
import { checkEndState, type FinalState } from '../src/invariants/end-state.ts'
import { checkPublishStart, type PublishStart, type StartedMessage } from '../src/invariants/publish-start.ts'
import { handMade } from './history.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('an acceptance', () => {
  test('of what did not commit, or has other contents, is a phantom', () => {
    const { history, begin, enqueue, committed } = handMade()
    const open = enqueue(begin())
    expect(() => checkNoPhantom(open, { id: open.id, topic: 't', payload: bytes(open.payload) })).toThrow('is open')
    history.rolledBack(open.transaction)
    expect(() => checkNoPhantom(open, { id: open.id, topic: 't', payload: bytes(open.payload) })).toThrow('rolled-back')
    const message = committed()
    expect(() => checkNoPhantom(message, { id: message.id, topic: 't', payload: bytes('{}') })).toThrow('contents')
    expect(() => history.known('m99')).toThrow('never enqueued')
  })

  test('for the second time is a duplicate, unless the message was redriven', () => {
    const { committed, accept } = handMade()
    const message = accept(committed())
    expect(() => checkNoDuplicate(message)).not.toThrow()
    accept(message)
    expect(() => checkNoDuplicate(message)).toThrow('2 times')
    message.redriven = 1
    expect(() => checkNoDuplicate(message)).not.toThrow()
  })
})

describe('the start of a publish call', () => {
  const start = (changes: Partial<PublishStart> = {}, message: Partial<StartedMessage> = {}): (() => void) => {
    const usual = { owned: true, heldUntil: null, inWindow: true, attempts: 0, mayBeProbe: false }
    const started = { message: handMade().committed(), ...usual, ...message }
    const times = { now: 10, leaseEndsAt: 11, dbTimeNeverSetBack: 100, latestDbTime: 100 }
    const call = { relay: 'r', ...times, leasesAreTrue: true, messages: [started] }
    return () => checkPublishStart({ ...call, ...changes })
  }

  test('is allowed within the lease, in its own lanes, when due', () => {
    expect(start()).not.toThrow()
    expect(start({}, { heldUntil: 100 })).not.toThrow()
  })

  test('is too late at the end of the lease, and wrong without one', () => {
    expect(start({ now: 11 })).toThrow('its lease ended at 11 ms')
    expect(start({ leaseEndsAt: null })).toThrow('without ever having had a lease')
  })

  test('is not for lanes of others', () => {
    expect(start({}, { owned: false })).toThrow('not its own')
    expect(start({ leasesAreTrue: false }, { owned: false })).not.toThrow()
  })

  test('is for what stands in the window, if it is no probe', () => {
    expect(start({}, { inWindow: false })).toThrow('does not stand in its window')
    expect(start({}, { inWindow: null })).not.toThrow()
    expect(start({}, { inWindow: false, mayBeProbe: true })).not.toThrow()
  })

  test('is too early before a hold, a retry or availableAt is due', () => {
    expect(start({}, { heldUntil: 101 })).toThrow("1 ms before its key's hold is due")
    const message = handMade().committed()
    message.retryFrom = 103
    expect(start({}, { message })).toThrow('3 ms before its retry is due')
    const scheduled = handMade().committed({ available: { from: 102, by: 102 } })
    expect(start({}, { message: scheduled })).toThrow('2 ms before its availableAt')
  })

  test('needs an attempt that is left, and attempts that were really spent', () => {
    expect(start({}, { attempts: 3 })).toThrow('3 of 3 attempts spent')
    expect(start({}, { attempts: 1 })).toThrow('has spent 1 attempts, and failed 0 times')
  })
})

describe('a death', () => {
  const circumstances = { latestDbTime: 100, maxCrashes: 3, onlyBombsEndRelays: false }
  const death = (changes: Partial<Death>): Death => {
    const message = changes.message ?? handMade().committed()
    return { message, reason: 'rejected', attempts: 0, crashes: 0, ...changes }
  }
  const check = (changes: Partial<Death>, more = {}) => {
    return () => checkDeath(death(changes), { ...circumstances, ...more })
  }

  test('by exhaustion needs all attempts, and failures for them', () => {
    const message = handMade().committed()
    message.failures = 2
    expect(check({ message, reason: 'attempts-exhausted', attempts: 2 })).toThrow('after 2 of 3')
    expect(check({ message, reason: 'attempts-exhausted', attempts: 3 })).toThrow('failed 2 times')
  })

  test('by rejection needs a broker that said so, by expiry its time', () => {
    expect(check({ reason: 'rejected' })).toThrow('never said so')
    const message = handMade().committed({ expiresAt: 101 })
    expect(check({ message, reason: 'expired' })).toThrow('before its time')
    expect(check({ message, reason: 'expired' }, { latestDbTime: 101 })).not.toThrow()
    expect(check({ reason: 'oversized' })).toThrow('oversized')
  })

  test('by crashes needs relays that ended publishing it alone, and guilt where only bombs end them', () => {
    const message = handMade().committed()
    message.endedAlone = 2
    expect(check({ message, reason: 'crashes', crashes: 3 })).toThrow('2 relays ended')
    message.endedAlone = 3
    expect(check({ message, reason: 'crashes', crashes: 3 })).not.toThrow()
    expect(check({ message, reason: 'crashes', crashes: 3 }, { onlyBombsEndRelays: true })).toThrow('never killed')
  })
})

describe('the end', () => {
  const state = (rows: FinalState['rows'], changes: Partial<FinalState> = {}): FinalState => {
    const by = (status: string) => rows.filter((row) => row.status === status).length
    const counts = { pending: by('PENDING'), processing: 0, published: by('PUBLISHED'), dead: by('DEAD') }
    return { rows, counts, pruned: false, ...changes }
  }

  test('is good when everything is published, dead with a reason, or discarded', () => {
    const { history, committed, accept } = handMade()
    accept(committed({ id: 'a' }))
    committed({ id: 'b' })
    committed({ id: 'c' }).discarded = true
    const rows = [
      { id: 'a', status: 'PUBLISHED', reason: null },
      { id: 'b', status: 'DEAD', reason: 'rejected' },
    ] as const
    expect(() => checkEndState(history, state(rows))).not.toThrow()
    const wrong = { pending: 0, processing: 0, published: 2, dead: 0 }
    expect(() => checkEndState(history, state(rows, { counts: wrong }))).toThrow('count() says')
  })

  test.each<[string, string, FinalState['rows'], boolean]>([
    ['a message is gone that was never accepted', 'never accepted', [], false],
    ['a message is called published that was never accepted', 'never accepted', [row('PUBLISHED')], false],
    ['a message is dead without a reason', 'without a reason', [row('DEAD')], false],
    ['a message is still pending', 'still pending', [row('PENDING')], false],
    ['a message stands there twice', 'twice', [row('PUBLISHED'), row('PUBLISHED')], true],
    ['history is gone that is kept', 'are kept', [], true],
  ])('is bad when %s', (_name, explanation, rows, accepted) => {
    const { history, committed, accept } = handMade()
    const message = committed({ id: 'a' })
    if (accepted) accept(message)
    expect(() => checkEndState(history, state(rows))).toThrow(explanation)
  })

  test('is bad when a rolled-back or a discarded message stands there', () => {
    const { history, begin, enqueue } = handMade()
    history.rolledBack(enqueue(begin(), { id: 'a' }).transaction)
    expect(() => checkEndState(history, state([row('PENDING')]))).toThrow('rolled-back')
    const other = handMade()
    other.committed({ id: 'a' }).discarded = true
    expect(() => checkEndState(other.history, state([row('DEAD')]))).toThrow('still there')
  })

  function row(status: 'PENDING' | 'PUBLISHED' | 'DEAD') {
    return { id: 'a', status, reason: null }
  }
})

describe('effects', () => {
  function setup() {
    const { committed, accept } = handMade()
    const message = accept(committed())
    const run: HandlerRun = { consumer: 'c', message, state: 'committed', threw: false, hasEffect: true }
    const consumed: ConsumedMessage = {
      consumer: 'c',
      message,
      rejected: false,
      receipt: true,
      letter: null,
      mayCrash: false,
    }
    return { committed, accept, message, run, consumed }
  }

  test('are good once, or never for what was given up', () => {
    const { run, consumed } = setup()
    expect(() => checkEffects([run], [consumed])).not.toThrow()
    expect(() => checkEffects([], [{ ...consumed, letter: 'rejected', receipt: false }])).not.toThrow()
  })

  test('are bad twice, never, without a receipt, or of a handler that threw, was rolled back or never ended', () => {
    const { run, consumed } = setup()
    expect(() => checkEffects([run, run], [consumed])).toThrow('2 times')
    expect(() => checkEffects([], [consumed])).toThrow('0 times')
    expect(() => checkEffects([run], [{ ...consumed, receipt: false }])).toThrow('receipt: false')
    expect(() => checkEffects([], [{ ...consumed, letter: 'rejected' }])).toThrow('receipt: true')
    expect(() => checkEffects([], [{ ...consumed, rejected: true, receipt: false }])).toThrow('0 times')
    const blamed: ConsumedMessage = { ...consumed, letter: 'crashes', receipt: false }
    expect(() => checkEffects([], [blamed])).toThrow('not its own')
    expect(() => checkEffects([], [{ ...blamed, mayCrash: true }])).not.toThrow()
    expect(() => checkEffects([{ ...run, threw: true }], [consumed])).toThrow('threw and has an effect')
    expect(() => checkEffects([{ ...run, state: 'rolled-back' }], [consumed])).toThrow('rolled-back; effect: true')
    expect(() => checkEffects([{ ...run, hasEffect: false }], [consumed])).toThrow('committed; effect: false')
    expect(() => checkEffects([{ ...run, state: 'open' }], [consumed])).toThrow('never ended')
  })

  test('of one key come in the order of the log', () => {
    const { run, consumed, committed, accept } = setup()
    const message = accept(committed())
    const second = { ...run, message }
    const all = [consumed, { ...consumed, message }]
    expect(() => checkEffects([run, second], all)).not.toThrow()
    expect(() => checkEffects([second, run], all)).toThrow(`'${message.id}' before`)
  })
})
