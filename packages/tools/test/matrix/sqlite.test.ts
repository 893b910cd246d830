import { describePairs } from './pairs.ts'

await describePairs('sqlite')
