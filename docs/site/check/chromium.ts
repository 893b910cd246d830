import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a browser is, or why there is none. */
export type Browser = { readonly path: string } | { readonly missing: string }

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/**
 * Finds a Chromium and, where there is none and the machine allows it (root of a Debian-like system), installs the
 * distribution's package, saying so first. WAYBILL_NO_INSTALL=1 refuses; WAYBILL_CHROMIUM names a browser.
 */
export function ensureChromium(): Browser {
  const found = findChromium()
  if (found !== undefined) return { path: found }
  const refusal = whyNotInstall()
  if (refusal !== undefined) return { missing: `there is no Chromium${refusal}` }
  console.log('site: there is no Chromium: installing chromium with apt-get (WAYBILL_NO_INSTALL=1 refuses)')
  const failure = install()
  const installed = findChromium()
  return installed === undefined ? { missing: `apt-get could not install chromium: ${failure}` } : { path: installed }
}

function findChromium(): string | undefined {
  const chosen = process.env['WAYBILL_CHROMIUM']
  if (chosen !== undefined) return isExecutable(chosen) ? chosen : undefined
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...folders.flatMap((folder) => names.map((name) => join(folder, name))), ...places].find(isExecutable)
}

function whyNotInstall(): string | undefined {
  if (process.env['WAYBILL_CHROMIUM'] !== undefined) return ` at ${process.env['WAYBILL_CHROMIUM']} (WAYBILL_CHROMIUM)`
  if (process.env['WAYBILL_NO_INSTALL'] === '1') return ', and WAYBILL_NO_INSTALL=1 forbids to install one'
  if (process.platform !== 'linux' || !isExecutable('/usr/bin/apt-get'))
    return ': install one, or name it in WAYBILL_CHROMIUM'
  return process.getuid?.() === 0 ? undefined : ', and only root may install one'
}

/** Answers the last line that apt-get has written. */
function install(): string {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // A source that does not answer is no reason to give up: the package may come from another one, or from the cache.
  spawnSync('apt-get', ['update'], { env })
  const flags = ['install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300']
  const { stderr, stdout } = spawnSync('apt-get', [...flags, 'chromium'], { env, encoding: 'utf8' })
  return `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? ''
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
