import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runServer } from 'verdaccio'
import { runCommand } from '../command.ts'

/** A registry of this machine alone, which has our packages and asks the user's own for everything else. */
export interface Registry extends AsyncDisposable {
  readonly url: string
}

/** Starts a registry on a free port, with its files in a folder. */
export async function startRegistry(folder: string): Promise<Registry> {
  await mkdir(folder, { recursive: true })
  const everybody = { access: '$all', publish: '$all' }
  const server = (await runServer({
    self_path: join(folder, 'config.yaml'),
    storage: join(folder, 'storage'),
    auth: { htpasswd: { file: join(folder, 'users') } },
    uplinks: { upstream: { url: await registryOfTheUser(), maxage: '30m', timeout: '60s' } },
    // Ours never come from elsewhere: what is installed is what was packed.
    packages: { '@waybill/*': everybody, '**': { ...everybody, proxy: 'upstream' } },
    log: { type: 'stdout', format: 'json', level: 'fatal' },
    max_body_size: '50mb',
    web: { enable: false },
  })) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function registryOfTheUser(): Promise<string> {
  const { ok, stdout, output } = await runCommand('npm', ['config', 'get', 'registry'])
  if (!ok) throw new Error(`npm could not say which registry it uses\n${output}`)
  return stdout.trim()
}
