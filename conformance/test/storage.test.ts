import { describe, it } from 'vitest'
import { describeStorage } from '../src/index.ts'
import { memoryHarness } from './memory.ts'

describeStorage('memory', { describe, it }, () => memoryHarness())
