import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { causeIn, command, tail } from '../command.ts'
import type { Engine } from '../engine/engine.ts'
import { hasProgram } from '../engine/host.ts'
import { installPackages } from '../engine/packages.ts'
import { exclusively } from '../lock.ts'
import { say } from '../progress.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import type { DebianArchive } from './debian-archive.ts'
import { labelsOf } from './image-facts.ts'
import { inScratchFolder } from './scratch-folder.ts'

/** The release that has most of the servers that we test on, in current versions. */
const suite = 'trixie'
const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** Makes the image of a minimal Debian, unless it is there; answers its name. */
export async function ensureBaseImage(engine: Engine, archive: DebianArchive): Promise<string> {
  const name = `waybill/debian:${suite}`
  await exclusively('base-image', async () => {
    if ((await labelsOf(engine, name)) === undefined) await makeBaseImage(engine, name, archive)
  })
  return name
}

async function makeBaseImage(engine: Engine, name: string, archive: DebianArchive): Promise<void> {
  if (!hasProgram('debootstrap')) {
    say('installing debootstrap with apt-get, to make images (WAYBILL_NO_INSTALL=1 refuses)')
    await installPackages(['debootstrap'])
  }
  say(`making an image of Debian ${suite} (once, up to a minute)`)
  await inScratchFolder(async (folder) => {
    await bootstrap(folder, archive)
    await configureApt(folder, archive)
    await importImage(engine, folder, name)
  })
}

async function bootstrap(folder: string, { uri, env }: DebianArchive): Promise<void> {
  const args = ['--variant=minbase', suite, folder, uri]
  const { ok, output } = await command('debootstrap', args, { env })
  if (ok) return
  say(tail(output))
  throw new ServerUnavailableError(`debootstrap could not make Debian ${suite}: ${causeIn(output)}`)
}

/** The image gets its packages the way this machine gets its own. */
async function configureApt(folder: string, { uri, aptSettings }: DebianArchive): Promise<void> {
  const apt = `${aptSettings.trimEnd()}\nAPT::Install-Recommends "false";\n`
  const withoutDocs = ['doc', 'man', 'locale'].map((kind) => `path-exclude /usr/share/${kind}/*\n`)
  await writeFile(join(folder, 'etc/apt/sources.list'), `deb ${uri} ${suite} main\n`)
  await writeFile(join(folder, 'etc/apt/apt.conf.d/90waybill'), apt)
  // Nothing is lost if the machine fails during a build: the image is built anew.
  await writeFile(join(folder, 'etc/dpkg/dpkg.cfg.d/90waybill'), `force-unsafe-io\n${withoutDocs.join('')}`)
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
