import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Engine } from '../engine/engine.ts'
import { hasProgram } from '../engine/host.ts'
import type { HostFacts } from '../engine/plan.ts'
import { say } from '../progress.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { ensureBaseImage, type Suite } from './base-image.ts'
import { findDebianArchive } from './debian-archive.ts'
import { standInLabel } from './image-facts.ts'

/** How to build an image that behaves like an official one from distribution packages. */
export interface StandIn {
  /** The folder of `conformance/images` with its Dockerfile. */
  readonly folder: string
  readonly suite: Suite
}

/** Why no stand-in can be built on this machine; undefined: one can be tried. */
export function reasonAgainstStandIns(host: HostFacts, hasDebootstrap: boolean): string | undefined {
  if (host.platform !== 'linux' || !host.hasAptGet) return 'stand-ins are built on Debian-like machines only'
  if (!host.isRoot) return 'only root may build a stand-in'
  if (!hasDebootstrap && !host.mayInstall) {
    return 'a stand-in needs debootstrap, which WAYBILL_NO_INSTALL=1 forbids to install'
  }
  return undefined
}

/** Builds an image under the name of the official one. */
export async function buildStandIn(engine: Engine, image: string, standIn: StandIn, host: HostFacts): Promise<void> {
  const reason = reasonAgainstStandIns(host, hasProgram('debootstrap'))
  if (reason !== undefined) throw new ServerUnavailableError(reason)
  const archive = await findDebianArchive()
  if (archive === undefined) throw new ServerUnavailableError('none of the sources of apt is a Debian archive')
  const base = await ensureBaseImage(engine, standIn.suite, archive)
  say(`building a stand-in for ${image} from the packages of Debian ${standIn.suite} (once, up to a minute)`)
  const folder = folderOf(standIn)
  const settings = {
    t: image,
    buildargs: { BASE: base },
    labels: { [standInLabel]: await fingerprint(standIn) },
    // The build reaches the package archive as this machine does.
    networkmode: 'host',
    forcerm: true,
  }
  const { dockerode } = engine.container
  const stream = await dockerode.buildImage({ context: folder, src: await readdir(folder) }, settings)
  await new Promise<void>((resolve, reject) => {
    dockerode.modem.followProgress(stream, (error, events) => {
      const failed = error ?? events.find((event) => event.error !== undefined)?.error
      if (failed === undefined || failed === null) resolve()
      else
        reject(new ServerUnavailableError(`the stand-in for ${image} could not be built: ${failed}\n${endOf(events)}`))
    })
  })
}

/** Changes when the recipe does. */
export async function fingerprint(standIn: StandIn): Promise<string> {
  const folder = folderOf(standIn)
  const hash = createHash('sha256')
  for (const file of (await readdir(folder)).toSorted()) hash.update(file).update(await readFile(join(folder, file)))
  return hash.digest('hex').slice(0, 16)
}

function folderOf({ folder }: StandIn): string {
  return fileURLToPath(new URL(`../../../images/${folder}/`, import.meta.url))
}

function endOf(events: readonly { readonly stream?: string }[]): string {
  return events
    .map((event) => event.stream ?? '')
    .join('')
    .trimEnd()
    .split('\n')
    .slice(-8)
    .join('\n')
}
