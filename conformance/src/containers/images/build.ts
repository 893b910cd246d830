import { readdir } from 'node:fs/promises'
import { tail } from '../command.ts'
import type { Engine } from '../engine/engine.ts'
import { say } from '../progress.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { builtLabel, fingerprint, folderOf, type ImageRecipe } from './recipe.ts'

interface BuildEvent {
  readonly stream?: string
  readonly error?: string
}

/** Builds an image from a recipe, on a base that the engine holds. */
export async function buildImage(engine: Engine, image: string, recipe: ImageRecipe, base: string): Promise<void> {
  say(`building ${image} from Debian's packages (once, up to a minute)`)
  const folder = folderOf(recipe)
  const settings = {
    t: image,
    buildargs: { BASE: base },
    labels: { [builtLabel]: await fingerprint(recipe) },
    // The build reaches the package archive as this machine does.
    networkmode: 'host',
    forcerm: true,
  }
  const { dockerode } = engine.container
  const stream = await dockerode.buildImage({ context: folder, src: await readdir(folder) }, settings)
  const events = await new Promise<readonly BuildEvent[]>((resolve, reject) => {
    dockerode.modem.followProgress(stream, (error, all: BuildEvent[]) =>
      error === null ? resolve(all) : reject(failureOf(image, error.message, all)),
    )
  })
  const failed = events.find((event) => event.error !== undefined)
  if (failed?.error !== undefined) throw failureOf(image, failed.error, events)
}

function failureOf(image: string, message: string, events: readonly BuildEvent[] = []): ServerUnavailableError {
  say(tail(events.map((event) => event.stream ?? '').join('')))
  return new ServerUnavailableError(`${image} could not be built: ${message}`)
}
