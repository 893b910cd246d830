import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { HostFacts } from './plan.ts'

/** Looks at this machine. */
export function hostFacts(): HostFacts {
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    hasAptGet: hasProgram('apt-get'),
    hasDockerd: hasProgram('dockerd'),
    chosenEngine: process.env['DOCKER_HOST'],
    mayInstall: process.env['WAYBILL_NO_INSTALL'] !== '1',
  }
}

/** Whether a program is on the PATH, or where root's programs are. */
export function hasProgram(name: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter((one) => one !== '')
  return folders.some((folder) => isExecutable(join(folder, name)))
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
