import type { Engine } from '../engine/engine.ts'
import { hostFacts } from '../engine/host.ts'
import { exclusively } from '../lock.ts'
import { say } from '../progress.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { labelsOf, standInLabel } from './image-facts.ts'
import { pullImage } from './pull.ts'
import { buildStandIn, fingerprint, type StandIn } from './stand-in.ts'

/** The image that its publishers made, or one of ours under the same name. */
export type ImageOrigin = 'official' | 'stand-in'

/** Why the registry gave nothing to this process before; asking again for the next image would only cost time. */
let registryRefusal: string | undefined

/** Makes sure that the engine holds an image: as it is, pulled, or built as a stand-in where no registry answers. */
export async function ensureImage(engine: Engine, image: string, standIn: StandIn): Promise<ImageOrigin> {
  return (await originOf(engine, image, standIn)) ?? (await exclusively('images', () => make(engine, image, standIn)))
}

async function make(engine: Engine, image: string, standIn: StandIn): Promise<ImageOrigin> {
  const present = await originOf(engine, image, standIn)
  if (present !== undefined) return present
  registryRefusal ??= await pullImage(engine, image)
  if (registryRefusal === undefined) return 'official'
  say(`${image} cannot be pulled: ${registryRefusal}`)
  try {
    await buildStandIn(engine, image, standIn, hostFacts())
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error
    throw new ServerUnavailableError(`${image} cannot be pulled (${registryRefusal}), and ${error.message}`, {
      cause: error,
    })
  }
  return 'stand-in'
}

/** Undefined if the image is not there, or is a stand-in built by another recipe. */
async function originOf(engine: Engine, image: string, standIn: StandIn): Promise<ImageOrigin | undefined> {
  const labels = await labelsOf(engine, image)
  if (labels === undefined) return undefined
  const built = labels[standInLabel]
  if (built === undefined) return 'official'
  return built === (await fingerprint(standIn)) ? 'stand-in' : undefined
}
