import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
    buildargs: { BASE: base, CERTIFICATES: await localCertificates() },
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

/** What this machine trusts beside its distribution's certificates: a build that fetches from elsewhere trusts the same. */
async function localCertificates(): Promise<string> {
  const folder = '/usr/local/share/ca-certificates'
  const files = await readdir(folder).catch(() => [])
  const certificates = files.filter((file) => file.endsWith('.crt')).map((file) => readFile(join(folder, file), 'utf8'))
  return (await Promise.all(certificates)).join('\n')
}

function failureOf(image: string, message: string, events: readonly BuildEvent[] = []): ServerUnavailableError {
  say(tail(events.map((event) => event.stream ?? '').join('')))
  return new ServerUnavailableError(`${image} could not be built: ${message}`)
}
