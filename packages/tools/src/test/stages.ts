import type { Stage } from './stage.ts'
import { generated, knip, lint } from './stages/checks.ts'
import { crash } from './stages/crash.ts'
import { docs } from './stages/docs.ts'
import { examples } from './stages/examples.ts'
import { packages } from './stages/packages.ts'
import { servers } from './stages/servers.ts'
import { simulation } from './stages/simulation.ts'
import { skeleton } from './stages/skeleton.ts'
import { types } from './stages/types.ts'
import { unit } from './stages/unit.ts'

/** Everything that `npm test` runs, the quick ones first. */
export const stages: readonly Stage[] = [
  lint,
  types,
  knip,
  skeleton,
  generated,
  servers,
  unit,
  simulation,
  crash,
  docs,
  packages,
  examples,
]
