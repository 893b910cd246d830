import { consumerMutants } from './consumer-mutants.ts'
import { laneMutants } from './lane-mutants.ts'
import type { Mutant } from './mutant.ts'
import { otherMutants } from './other-mutants.ts'
import { requiredMutants } from './required-mutants.ts'

export const mutants: readonly Mutant[] = [...requiredMutants, ...laneMutants, ...otherMutants, ...consumerMutants]
