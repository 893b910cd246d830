import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory of its own for `work`, removed when it has ended. TMPDIR says on which disk. */
export function withDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-bench-'))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  let result: T
  try {
    result = work(directory)
  } catch (error) {
    remove()
    throw error
  }
  if (!(result instanceof Promise)) {
    remove()
    return result
  }
  return result.finally(remove) as T
}
