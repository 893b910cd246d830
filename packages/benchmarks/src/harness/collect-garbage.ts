import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects what the preparation has left behind, so that it is not collected in the measured time. */
export const collectGarbage: () => void = runInNewContext('gc')
