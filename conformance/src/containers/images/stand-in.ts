import type { Engine } from '../engine/engine.ts'
import { hasProgram } from '../engine/host.ts'
import type { HostFacts } from '../engine/plan.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { ensureBaseImage } from './base-image.ts'
import { findDebianArchive } from './debian-archive.ts'

/** Why this machine cannot make a base image for stand-ins; undefined: it can try. */
export function reasonAgainstStandIns(host: HostFacts, hasDebootstrap: boolean): string | undefined {
  if (host.platform !== 'linux' || !host.hasAptGet) return 'stand-ins are built on Debian-like machines only'
  if (!host.isRoot) return 'only root may build a stand-in'
  if (!hasDebootstrap && !host.mayInstall) {
    return 'a stand-in needs debootstrap, which WAYBILL_NO_INSTALL=1 forbids to install'
  }
  return undefined
}

/** Makes the base of stand-ins from this machine's own package archive; answers the image's name. */
export async function standInBase(engine: Engine, host: HostFacts): Promise<string> {
  const reason = reasonAgainstStandIns(host, hasProgram('debootstrap'))
  if (reason !== undefined) throw new ServerUnavailableError(reason)
  const archive = await findDebianArchive()
  if (archive === undefined) throw new ServerUnavailableError('none of the sources of apt is a Debian archive')
  return await ensureBaseImage(engine, archive)
}
