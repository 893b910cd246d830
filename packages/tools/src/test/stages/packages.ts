import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPackages } from '../../build/build.ts'
import { lintPackage } from '../../release/lint-package.ts'
import { packPackages } from '../../release/pack.ts'
import { tryAdapterTemplates } from '../../release/try-adapter-templates.ts'
import { tryAsConsumer } from '../../release/try-as-consumer.ts'
import { type Stage, type StageResult, singleCheck, total } from '../stage.ts'

export const packages: Stage = {
  name: 'packages',
  title: 'build, pack, judge and install the packages as a user gets them',
  run: async (progress) => {
    const built = await buildPackages(progress)
    if (!built.ok) return singleCheck(false, built.output)
    const folder = await mkdtemp(join(tmpdir(), 'waybill-packages-'))
    try {
      const packed = await packPackages(folder, progress)
      const results: StageResult[] = [singleCheck(true, '')]
      for (const one of packed) results.push(await lintPackage(one, progress))
      results.push(await tryAsConsumer(packed, join(folder, 'consumer'), progress))
      results.push(await tryAdapterTemplates(packed, join(folder, 'adapters'), progress))
      return total(results)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
