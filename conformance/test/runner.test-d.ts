import type * as nodeTest from 'node:test'
import type * as vitest from 'vitest'
import type { TestRunner } from '../src/index.ts'

type Of<Module extends { describe: unknown; it: unknown }> = Pick<Module, 'describe' | 'it'>

/** Runners fit as they are. */
export const ofNode = (runner: Of<typeof nodeTest>): TestRunner => runner
export const ofVitest = (runner: Of<typeof vitest>): TestRunner => runner
