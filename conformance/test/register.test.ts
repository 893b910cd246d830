import { describe, expect, it } from 'vitest'
import { registerRules, type TestRunner } from '../src/register.ts'
import type { Harness, Rule, RuleContext } from '../src/rule.ts'
import { type RuleResult, type RunOptions, runRule } from '../src/run-rule.ts'

interface Light extends Harness {
  readonly isOn?: true
}

function rule(id: string, change: Partial<Rule<Light>> = {}): Rule<Light> {
  return { id, level: 'required', statement: `${id} MUST`, intent: '', verify: async () => undefined, ...change }
}

const failing = { verify: () => Promise.reject(new Error('broken')) }
const switchedOn = { name: 'isOn', find: (harness: Light) => harness.isOn }

/** Registers the rules with a runner of this test's own and runs them. Answers what each test did, by name. */
async function run(rules: readonly Rule<Light>[], options: RunOptions = {}) {
  const tests = new Map<string, (...context: readonly unknown[]) => Promise<void>>()
  const runner: TestRunner = {
    describe: (_, body) => body(),
    it: (name, body) => tests.set(name, body),
  }
  const results: RuleResult[] = []
  let closed = 0
  const createHarness = async () => ({ close: async () => void closed++ })
  const suite = { name: 'lamp', contract: 'light', rules }
  registerRules(suite, runner, createHarness, { ...options, onResult: (result) => results.push(result) })
  const outcomes: Record<string, unknown> = {}
  for (const [name, body] of tests) {
    let outcome: unknown = 'passed'
    const skip = (reason: string) => {
      outcome = `skipped: ${reason}`
    }
    // As Vitest does it: the context is a function that has properties.
    await body(Object.assign(() => undefined, { skip })).catch((error: unknown) => {
      outcome = error
    })
    outcomes[name] = outcome
  }
  return { outcomes, results, closed }
}

describe('registered rules', () => {
  it('are one test each, named by id and statement', async () => {
    const { outcomes, closed } = await run([rule('shine/brightly'), rule('shine/long')])
    expect(outcomes).toEqual({
      'shine/brightly: shine/brightly MUST': 'passed',
      'shine/long: shine/long MUST': 'passed',
    })
    expect(closed).toBe(2)
  })

  it('fail with what verify threw, after the harness was closed', async () => {
    const { outcomes, closed } = await run([rule('a/b', failing)])
    expect(Object.values(outcomes)).toEqual([new Error('broken')])
    expect(closed).toBe(1)
  })

  it('fail with what verify threw, also when the harness cannot be closed', async () => {
    const close = () => Promise.reject(new Error('cannot be closed'))
    const broken = { id: 'a/b', result: 'failed', reason: 'broken' }
    expect(await runRule(rule('a/b', failing), async () => ({ close }))).toMatchObject(broken)
    const unclosed = { result: 'failed', reason: 'cannot be closed' }
    expect(await runRule(rule('a/b'), async () => ({ close }))).toMatchObject(unclosed)
  })

  it('that lack something are skipped with its name', async () => {
    const { outcomes, results } = await run([rule('a/b', { ...failing, requires: [switchedOn] })])
    expect(Object.values(outcomes)).toEqual(['skipped: the harness has no isOn'])
    expect(results).toMatchObject([{ id: 'a/b', result: 'skipped', reason: 'the harness has no isOn' }])
  })

  it('that are provisional fail nothing, and are reported as failed', async () => {
    const { outcomes, results } = await run([rule('a/b', { ...failing, level: 'provisional' })])
    expect(Object.values(outcomes)).toEqual(['skipped: broken'])
    expect(results).toMatchObject([{ result: 'failed', reason: 'broken' }])
  })

  it('of level stress run when asked for', async () => {
    const stress = rule('a/b', { level: 'stress', verify: async (_, { repetitions }) => expect(repetitions).toBe(3) })
    expect((await run([stress])).results).toMatchObject([{ result: 'skipped' }])
    expect((await run([stress], { stress: 3 })).results).toMatchObject([{ result: 'passed' }])
  })

  it('can be skipped with a reason; a skip of no rule throws', async () => {
    const skip = [{ rule: 'a/b', reason: 'not yet' }]
    expect(Object.values((await run([rule('a/b', failing)], { skip })).outcomes)).toEqual(['skipped: not yet'])
    await expect(run([rule('a/c')], { skip })).rejects.toThrow('a/b')
  })

  it('are judged again at a slower pace if the machine stood still, and only then', async () => {
    const paces: number[] = []
    const verify = async (_: Light, { time }: RuleContext) => {
      paces.push(time.pace)
      if (time.pace > 1) return
      for (const end = performance.now() + 250; performance.now() < end; );
      throw new Error('the lease has ended')
    }
    expect((await run([rule('a/b', { verify })])).results).toMatchObject([{ result: 'passed' }])
    expect(paces).toEqual([1, 4])
    expect((await run([rule('a/c', failing)])).results).toMatchObject([{ result: 'failed', reason: 'broken' }])
  })

  it('that never end have failed', async () => {
    const { results } = await run([rule('a/b', { verify: () => new Promise(() => undefined) })], { timeoutMs: 20 })
    expect(results).toMatchObject([
      { result: 'failed', reason: expect.stringMatching(/^took longer than 20 ms: a call/) },
    ])
  })
})
