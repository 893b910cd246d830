import type { Engine } from '../engine/engine.ts'
import { hostFacts } from '../engine/host.ts'
import { exclusively } from '../lock.ts'
import { say } from '../progress.ts'
import { failingOnce } from '../runs/failures.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { buildImage } from './build.ts'
import { labelsOf } from './image-facts.ts'
import { pullImage } from './pull.ts'
import { builtLabel, fingerprint, type ImageOrigin, type ImageRecipe, originBy } from './recipe.ts'
import { standInBase } from './stand-in.ts'

/** Makes sure that the engine holds an image: as it is, pulled, or built from its recipe where no registry answers. */
export async function ensureImage(engine: Engine, image: string, recipe: ImageRecipe): Promise<ImageOrigin> {
  const present = await usable(engine, image, recipe)
  if (present !== undefined) return present
  const name = `image-${image.replaceAll(/[^\w.-]/g, '-')}`
  return await exclusively(name, () => failingOnce(name, () => makeImage(engine, image, recipe)))
}

async function makeImage(engine: Engine, image: string, recipe: ImageRecipe): Promise<ImageOrigin> {
  const present = await usable(engine, image, recipe)
  if (present !== undefined) return present
  const official = recipe.officialBase ?? image
  const refusal = await refusalOfRegistry(engine, official)
  if (refusal === undefined && official === image) return 'official'
  if (refusal === undefined) await buildImage(engine, image, recipe, official)
  else await buildWithoutRegistry(engine, image, recipe, `${official} cannot be pulled: ${refusal}`)
  return recipe.officialBase === undefined ? 'stand-in' : 'own'
}

async function buildWithoutRegistry(engine: Engine, image: string, recipe: ImageRecipe, why: string): Promise<void> {
  say(why)
  try {
    await buildImage(engine, image, recipe, await standInBase(engine, hostFacts()))
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error
    throw new ServerUnavailableError(`${why}; and ${error.message}`, { cause: error })
  }
}

/** Why an official image cannot be had; undefined: it is there. */
async function refusalOfRegistry(engine: Engine, image: string): Promise<string | undefined> {
  const held = await labelsOf(engine, image)
  if (held !== undefined && held[builtLabel] === undefined) return undefined
  return await pullImage(engine, image)
}

/** Undefined if the image is not there, or was built by another recipe. */
async function usable(engine: Engine, image: string, recipe: ImageRecipe): Promise<ImageOrigin | undefined> {
  const labels = await labelsOf(engine, image)
  if (labels === undefined) return undefined
  const built = labels[builtLabel]
  return built === undefined || built === (await fingerprint(recipe)) ? originBy(labels, recipe) : undefined
}
