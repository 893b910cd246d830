import { runCommand } from '../../command.ts'
import { type Stage, type StageResult, singleCheck, total } from '../stage.ts'

/** What docs/site/check/check.ts prints last. */
interface Checks {
  readonly checks: readonly { readonly name: string; readonly problems: readonly string[]; readonly skipped?: string }[]
}

/** Builds the site and looks at it: code, links, and the pages in a browser. */
export const docs: Stage = {
  name: 'docs',
  title: 'the site builds; its code, links and pages in Chromium',
  run: async (progress, announce) => {
    const args = ['--conditions=@waybill/source', 'docs/site/main.ts', 'check']
    const onLine = (line: string): void => {
      if (/^site: .*WAYBILL_NO_INSTALL/.test(line)) announce(line)
      else progress(line)
    }
    const { ok, stdout, output } = await runCommand(process.execPath, args, { onLine })
    const [, report] = /^(\{"checks":.*\})$/m.exec(stdout) ?? []
    if (report === undefined) return singleCheck(false, output)
    const { checks } = JSON.parse(report) as Checks
    const results = checks.map(({ name, problems, skipped }): StageResult => {
      if (skipped === undefined) return singleCheck(problems.length === 0, `${name}\n${problems.join('\n')}`)
      return { passed: 0, failed: 0, skipped: [{ name: `docs: ${name}`, reason: skipped }], output: '' }
    })
    const all = total([singleCheck(true, ''), ...results])
    return ok === (all.failed === 0) ? all : total([all, singleCheck(false, output)])
  },
}
