import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../command.ts'
import { localBinary } from '../../workspace.ts'
import { type Stage, type StageResult, singleCheck, total } from '../stage.ts'

const reporter = fileURLToPath(new URL('./totals-reporter.ts', import.meta.url))

/** On two processors it takes about a third of this. */
const timeoutMs = 45 * 60_000

/** Vitest over all packages. Its totals come by a file from our own reporter, for the built-in ones drop skip reasons. */
export const unit: Stage = {
  name: 'unit',
  title: 'unit, property and conformance tests (vitest)',
  run: async (progress) => {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-totals-'))
    const totalsFile = join(folder, 'totals.json')
    try {
      const args = ['run', '--reporter=minimal', `--reporter=${reporter}`]
      const env = { WAYBILL_TOTALS_FILE: totalsFile, NO_COLOR: '1', FORCE_COLOR: undefined }
      const result = await runCommand(localBinary('vitest'), args, { env, timeoutMs, onLine: progress })
      const { ok } = result
      const output = result.output.replaceAll(/^\d+ of \d+ test files done\n/gm, '')
      if (!existsSync(totalsFile)) return singleCheck(false, `${output}\nvitest ended without totals`)
      const totals = JSON.parse(await readFile(totalsFile, 'utf8')) as Omit<StageResult, 'output'>
      const agreed = ok === (totals.failed === 0)
      const disagreement = singleCheck(false, `${output}\nvitest's exit code and its tests disagree`)
      return agreed ? { ...totals, output } : total([{ ...totals, output }, disagreement])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
