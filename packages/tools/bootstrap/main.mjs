import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BootstrapFailure } from './failure.mjs'
import { ensureInstalled } from './install.mjs'
import { runInPlace } from './run.mjs'
import { tasks } from './tasks.mjs'
import { ensureToolchain } from './toolchain.mjs'

/**
 * @param {readonly string[]} args the task and its arguments
 */
export async function main([name = '', ...rest]) {
  try {
    process.exitCode = await runTask(name, rest)
  } catch (error) {
    if (!(error instanceof BootstrapFailure)) throw error
    console.error(error.render())
    process.exitCode = 1
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} rest
 * @returns {Promise<number>} the exit code
 */
async function runTask(name, rest) {
  const task = tasks[name]
  if (task === undefined)
    throw new BootstrapFailure(`there is no task "${name}"`, [`Tasks: ${Object.keys(tasks).join(', ')}`])
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const toolchain = await ensureToolchain(root)
  const env = environment(toolchain)
  await ensureInstalled(root, toolchain, env)
  return await runInPlace(toolchain.node, [...task, ...rest], { cwd: root, env })
}

/**
 * The pinned commands come first on the PATH, and pnpm uses the registry that npm was told to use.
 * @param {{ node: string, bin: string }} toolchain
 * @returns {NodeJS.ProcessEnv}
 */
function environment({ node, bin }) {
  const registry = process.env['npm_config_registry'] ?? process.env['NPM_CONFIG_REGISTRY']
  return {
    ...process.env,
    PATH: [bin, dirname(node), process.env['PATH'] ?? ''].join(delimiter),
    ...(registry === undefined ? {} : { pnpm_config_registry: registry }),
  }
}
