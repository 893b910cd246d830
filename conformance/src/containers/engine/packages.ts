import { causeIn, command, tail } from '../command.ts'
import { say } from '../progress.ts'
import { ServerUnavailableError } from '../unavailable.ts'

/** Installs Debian packages on this machine; whoever calls has told the user. */
export async function installPackages(names: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  // A source that does not answer is no reason to give up: the packages may come from another one, or from the cache.
  const update = await command('apt-get', ['update'], { env })
  const flags = ['install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300']
  const { ok, output } = await command('apt-get', [...flags, ...names], { env })
  if (ok) return
  say(tail(update.ok ? output : `${update.output}\n${output}`))
  throw new ServerUnavailableError(`apt-get could not install ${names.join(', ')}: ${causeIn(output)}`)
}
