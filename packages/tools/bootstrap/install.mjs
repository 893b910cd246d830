import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BootstrapFailure, causeIn } from './failure.mjs'
import { withLock } from './lock.mjs'
import { runQuietly } from './run.mjs'

/**
 * Installs the workspace's dependencies from the lockfile, unless nothing has changed since that last went well.
 * @param {string} root
 * @param {{ node: string, pnpm: string }} toolchain
 * @param {NodeJS.ProcessEnv} env
 */
export async function ensureInstalled(root, toolchain, env) {
  const stamp = join(root, 'node_modules', '.waybill-install')
  const wanted = fingerprint(root)
  const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
  if (isInstalled()) return

  await withLock(join(root, '.toolchain', 'lock'), async () => {
    if (isInstalled()) return
    const args = [toolchain.pnpm, 'install', '--frozen-lockfile', '--reporter=append-only']
    const result = await runQuietly(toolchain.node, args, { cwd: root, env, title: 'installing dependencies' })
    if (result.code !== 0) throw failureOf(result.output)
    writeFileSync(stamp, wanted)
  })
}

/** @param {string} output */
function failureOf(output) {
  const remedy = output.includes('OUTDATED_LOCKFILE')
    ? 'Run .toolchain/bin/pnpm install, which brings pnpm-lock.yaml up to date with the manifests, and commit it.'
    : 'Check the network, the registry (npm config get registry) and free disk space, and run the command again.'
  return new BootstrapFailure(`pnpm could not install the dependencies: ${causeIn(output)}`, [remedy])
}

/**
 * Changes when a fresh install could give something else.
 * @param {string} root
 */
function fingerprint(root) {
  const settings = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  const folders = [...settings.matchAll(/^ {2}- ([\w-]+)(\/\*)?$/gm)].flatMap(([, folder = '', children]) =>
    children && existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).map((name) => join(folder, name))
      : [folder],
  )
  const hash = createHash('sha256')
  for (const file of [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...['.', ...folders.sort()].map((folder) => join(folder, 'package.json')),
  ]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}
