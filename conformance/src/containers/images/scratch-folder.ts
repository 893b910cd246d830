import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from '../command.ts'

const sizeMiB = 1024

/**
 * Runs work on an empty folder and removes it; in memory where there is plenty, since a system is installed into it by
 * programs that wait for the disk after each file.
 */
export async function inScratchFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-scratch-'))
  const inMemory = await mountMemory(folder)
  try {
    return await work(folder)
  } finally {
    if (inMemory) await command('umount', ['--lazy', folder])
    await rm(folder, { recursive: true, force: true })
  }
}

/** Where a machine does not let us mount, the disk will do. */
async function mountMemory(folder: string): Promise<boolean> {
  if (process.availableMemory() < 3 * sizeMiB * 1024 * 1024) return false
  const { ok } = await command('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=755`, 'tmpfs', folder])
  return ok
}
