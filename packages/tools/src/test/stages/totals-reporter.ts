import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, TestSpecification } from 'vitest/node'
import type { Skip, StageResult } from '../stage.ts'

/**
 * A Vitest reporter that says how far the run is, and writes totals, with the reason of each skip, to the file that
 * WAYBILL_TOTALS_FILE names.
 */
export default class TotalsReporter implements Reporter {
  #files = 0
  #done = 0

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    this.#files = specifications.length
  }

  onTestModuleEnd(): void {
    this.#done += 1
    console.log(`${this.#done} of ${this.#files} test files done`)
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const unsteady = tests.filter((test) => test.diagnostic()?.flaky === true)
    const failures = [
      ...tests.filter((test) => !['passed', 'skipped'].includes(test.result().state)).map(failureOf),
      ...modules.filter(failedOutsideTests).map((module) => `${module.relativeModuleId} as a whole`),
      ...unsteady.filter(isRule).map(failureOf),
      ...unhandledErrors.map((error) => `outside of tests${fileOf(error)}: ${messageOf(error)}`),
    ]
    const late = unsteady.filter((test) => !isRule(test)).map(failureOf)
    const totals: Omit<StageResult, 'output'> = {
      passed: tests.filter((test) => test.result().state === 'passed').length,
      failed: failures.length,
      failures,
      notes: late.map((failure) => `passed only the second time: ${failure}`),
      skipped: tests.filter((test) => test.result().state === 'skipped').map(skipOf),
    }
    // Vitest is content with a rule that passed the second time.
    if (failures.length > 0) process.exitCode = 1
    const file = process.env['WAYBILL_TOTALS_FILE']
    if (file === undefined) throw new Error('WAYBILL_TOTALS_FILE must name the file that the totals go to')
    writeFileSync(file, JSON.stringify(totals))
  }
}

/** A module that does not load, or whose hooks fail, fails without a failing test. */
function failedOutsideTests(module: TestModule): boolean {
  return !module.ok() && [...module.children.allTests()].every((test) => test.result().state !== 'failed')
}

/** A guarantee that holds only the second time does not hold. What is lost shows as a wait in some rules, so that waits count. */
function isRule(test: TestCase): boolean {
  return / keeps the \w+ rules > /.test(test.fullName)
}

function failureOf(test: TestCase): string {
  const [error] = test.result().errors ?? []
  return `${test.module.relativeModuleId} > ${test.fullName}: ${messageOf(error)}`
}

/** Vitest notes on an error that nobody caught in which file it came. */
function fileOf(error: unknown): string {
  const noted = typeof error === 'object' && error !== null && 'VITEST_TEST_PATH' in error
  return noted ? `, in ${relative('', String(error.VITEST_TEST_PATH))}` : ''
}

function messageOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
  return String(message).split('\n', 1).join('').slice(0, 200)
}

function skipOf(test: TestCase): Skip {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return { name: test.fullName, reason: note ?? (test.options.mode === 'todo' ? 'marked as to do' : 'no reason given') }
}
