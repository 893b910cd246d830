import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { adapterFolders, readManifest, workspaceRoot } from '../../workspace.ts'
import { type Stage, singleCheck, total } from '../stage.ts'

/** What every adapter has, so that who knows one finds everything in another. */
const files = ['README.md', 'package.json', 'tsconfig.json', 'src/index.ts']

/** The suite that every adapter runs; what adapters share is no adapter, and is tested by each that is built on it. */
const suite = 'test/conformance.test.ts'
const sharedByAdapters = ['adapters/sql']

/** Lists what an adapter's folder lacks of the common skeleton. */
export function missingFrom(folder: string, root: string = workspaceRoot): readonly string[] {
  const expected = sharedByAdapters.includes(folder) ? files : [...files, suite]
  const missing = expected.filter((file) => !existsSync(join(root, folder, file)))
  const hasExports = missing.includes('package.json') || readManifest(folder, root).exports?.['.'] !== undefined
  return hasExports ? missing : [...missing, 'package.json: exports["."]']
}

export const skeleton: Stage = {
  name: 'skeleton',
  title: 'every adapter has the same skeleton',
  run: async () =>
    total(
      adapterFolders().map((folder) => {
        const missing = missingFrom(folder)
        return singleCheck(missing.length === 0, `${folder} lacks ${missing.join(', ')}`)
      }),
    ),
}
