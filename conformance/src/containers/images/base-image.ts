import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, tail } from '../command.ts'
import type { Engine } from '../engine/engine.ts'
import { hasProgram } from '../engine/host.ts'
import { installPackages } from '../engine/packages.ts'
import { say } from '../progress.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import type { DebianArchive } from './debian-archive.ts'
import { labelsOf } from './image-facts.ts'
import type { Suite } from './recipe.ts'

const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** Makes the image of a minimal Debian of a suite, unless it is there; answers its name. */
export async function ensureBaseImage(engine: Engine, suite: Suite, archive: DebianArchive): Promise<string> {
  const name = `waybill/debian:${suite}`
  if ((await labelsOf(engine, name)) !== undefined) return name
  if (!hasProgram('debootstrap')) {
    say('installing debootstrap with apt-get, to make images (WAYBILL_NO_INSTALL=1 refuses)')
    await installPackages(['debootstrap'])
  }
  say(`making an image of Debian ${suite} (once, up to a minute)`)
  const folder = await mkdtemp(join(tmpdir(), 'waybill-debian-'))
  try {
    await bootstrap(folder, suite, archive)
    await configureApt(folder, suite, archive)
    await importImage(engine, folder, name)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return name
}

async function bootstrap(folder: string, suite: Suite, { uri, env }: DebianArchive): Promise<void> {
  const args = ['--variant=minbase', suite, folder, uri]
  const { ok, output } = await command('debootstrap', args, { env })
  if (!ok) throw new ServerUnavailableError(`debootstrap could not make Debian ${suite}: ${tail(output)}`)
}

/** The image gets its packages the way this machine gets its own. */
async function configureApt(folder: string, suite: Suite, { uri, aptSettings }: DebianArchive): Promise<void> {
  const settings = [
    aptSettings.trimEnd(),
    'APT::Install-Recommends "false";',
    // A mirror may be behind with the Release file of sid, which expires after a week.
    ...(suite === 'sid' ? ['Acquire::Check-Valid-Until "false";'] : []),
  ]
  const withoutDocs = [
    'path-exclude /usr/share/doc/*',
    'path-exclude /usr/share/man/*',
    'path-exclude /usr/share/locale/*',
  ]
  await writeFile(join(folder, 'etc/apt/sources.list'), `deb ${uri} ${suite} main\n`)
  await writeFile(join(folder, 'etc/apt/apt.conf.d/90waybill'), `${settings.join('\n')}\n`)
  await writeFile(join(folder, 'etc/dpkg/dpkg.cfg.d/90waybill'), `${withoutDocs.join('\n')}\n`)
  // Packages that start their server when they are installed are told not to.
  await writeFile(join(folder, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  if (uri.startsWith('https:')) await copyFile(certificates, join(folder, certificates))
  await rm(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true })
}

async function importImage(engine: Engine, folder: string, name: string): Promise<void> {
  const tar = spawn('tar', ['--numeric-owner', '-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(tar, 'close')
  const [repo = name, tag = 'latest'] = name.split(':')
  const { dockerode } = engine.container
  const stream = await dockerode.importImage(tar.stdout, { repo, tag })
  await new Promise<void>((resolve, reject) => {
    dockerode.modem.followProgress(stream, (error) => (error === null ? resolve() : reject(error)))
  })
  const [code] = await ended
  if (code !== 0) throw new ServerUnavailableError(`tar could not read what debootstrap made (exit code ${code})`)
}
