import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The version of a package that this workspace has, so that trials use the same. */
export function installedVersion(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version
}
