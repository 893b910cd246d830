import { statSync } from 'node:fs'

/** Which file lies at a path now, whatever it is called; `undefined` if there is none. */
export function identityOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}
