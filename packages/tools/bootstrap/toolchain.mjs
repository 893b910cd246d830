import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, relative } from 'node:path'
import { BootstrapFailure, causeIn } from './failure.mjs'
import { withLock } from './lock.mjs'
import { isNewEnough, nodePackageFor, thisMachine } from './platform.mjs'
import { runQuietly } from './run.mjs'

/**
 * node: the program; pnpm: its entry, which node runs; bin: the folder with both as commands.
 * @typedef {{ node: string, pnpm: string, bin: string }} Toolchain
 */

const onWindows = process.platform === 'win32'

/**
 * What the checkout pins: Node in .node-version, pnpm in package.json's packageManager.
 * @param {string} root
 * @returns {{ node: string, pnpm: string }}
 */
export function readPins(root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return {
    node: readFileSync(join(root, '.node-version'), 'utf8').trim(),
    pnpm: /^pnpm@([^+]+)/.exec(packageManager)?.[1] ?? '',
  }
}

/**
 * Makes sure that .toolchain holds the pinned pnpm and, unless the machine's own will do, the pinned Node.
 * @param {string} root
 * @returns {Promise<Toolchain>}
 */
export async function ensureToolchain(root) {
  const pins = readPins(root)
  const folder = join(root, '.toolchain')
  const nodePackage = usesOwnNode(folder, pins) ? undefined : nodePackageFor(pins.node, thisMachine())
  const toolchain = toolchainIn(folder, nodePackage)
  const isReady = () => holds(folder, nodePackage === undefined ? { pnpm: pins.pnpm } : pins) && isComplete(toolchain)
  if (isReady()) return toolchain

  await withLock(join(folder, 'lock'), async () => {
    if (isReady()) return
    rmSync(join(folder, 'state.json'), { force: true })
    await fetchPackages(folder, [...(nodePackage ? [`${nodePackage}@${pins.node}`] : []), `pnpm@${pins.pnpm}`], pins)
    writeCommands(toolchain)
    writeFileSync(join(folder, 'state.json'), JSON.stringify(nodePackage === undefined ? { pnpm: pins.pnpm } : pins))
  })
  return toolchain
}

/**
 * Whether the Node that runs us is the one to go on with: new enough, not one that we fetched, and none fetched before.
 * @param {string} folder
 * @param {{ node: string }} pins
 */
function usesOwnNode(folder, { node }) {
  const fetched = existsSync(folder) && process.execPath.startsWith(realpathSync(folder))
  return isNewEnough(process.versions.node, node) && !fetched && !holds(folder, { node })
}

/**
 * @param {string} folder
 * @param {string | undefined} nodePackage undefined: the Node that runs us
 * @returns {Toolchain}
 */
function toolchainIn(folder, nodePackage) {
  const packages = join(folder, 'node_modules')
  const program = onWindows ? 'node.exe' : 'node'
  return {
    node: nodePackage === undefined ? process.execPath : join(packages, nodePackage, 'bin', program),
    pnpm: join(packages, 'pnpm', 'bin', 'pnpm.mjs'),
    bin: join(folder, 'bin'),
  }
}

/**
 * Whether the last fetch that ended well brought these versions.
 * @param {string} folder
 * @param {{ node?: string, pnpm?: string }} wanted
 */
function holds(folder, wanted) {
  const file = join(folder, 'state.json')
  const state = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  return Object.entries(wanted).every(([name, version]) => state[name] === version)
}

/** @param {Toolchain} toolchain */
function isComplete({ node, pnpm, bin }) {
  return [node, pnpm, join(bin, onWindows ? 'node.exe' : 'node')].every((file) => existsSync(file))
}

/**
 * @param {string} folder
 * @param {readonly string[]} packages
 * @param {{ node: string, pnpm: string }} pins
 */
async function fetchPackages(folder, packages, pins) {
  const staging = join(folder, 'staging')
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(staging, { recursive: true })
  const npm = npmCommand()
  const flags = [
    '--ignore-scripts',
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ]
  const title = `getting ${packages.join(' and ')} (once)`
  const result = await runQuietly(npm.file, [...npm.args, 'install', ...flags, '--prefix', staging, ...packages], {
    cwd: folder,
    env: process.env,
    title,
  })
  if (result.code !== 0) {
    rmSync(staging, { recursive: true, force: true })
    throw new BootstrapFailure(`npm could not get ${packages.join(' and ')}: ${causeIn(result.output)}`, [
      'Check the network, the registry (npm config get registry) and the cache (npm cache verify), and run the command again.',
      ...(packages.length > 1 ? [`With Node ${pins.node} on the PATH, only pnpm has to be fetched.`] : []),
    ])
  }
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
  renameSync(join(staging, 'node_modules'), join(folder, 'node_modules'))
  rmSync(staging, { recursive: true, force: true })
}

/**
 * The npm that started us, else the one on the PATH; either reads the user's own configuration.
 * @returns {{ file: string, args: readonly string[] }}
 */
function npmCommand() {
  const started = process.env['npm_execpath']
  if (started !== undefined && basename(started) === 'npm-cli.js') return { file: process.execPath, args: [started] }
  return { file: onWindows ? 'npm.cmd' : 'npm', args: [] }
}

/**
 * Commands for people and tools; a link stays right when the checkout is moved.
 * @param {Toolchain} toolchain
 */
function writeCommands({ node, pnpm, bin }) {
  rmSync(bin, { recursive: true, force: true })
  mkdirSync(bin, { recursive: true })
  const pnpmFromBin = relative(bin, pnpm)
  if (onWindows) {
    copyFileSync(node, join(bin, 'node.exe'))
    writeFileSync(join(bin, 'pnpm.cmd'), `@"%~dp0node.exe" "%~dp0${pnpmFromBin}" %*\r\n`)
    return
  }
  symlinkSync(node === process.execPath ? node : relative(bin, node), join(bin, 'node'))
  writeFileSync(join(bin, 'pnpm'), `#!/bin/sh\nbin=$(dirname "$0")\nexec "$bin/node" "$bin/${pnpmFromBin}" "$@"\n`)
  chmodSync(join(bin, 'pnpm'), 0o755)
}
