import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { renderSuite } from './render.ts'
import { suites } from './suites.ts'

/** Pages that do not say what the rules say, after writing them unless `check` is set. */
function updatePages(folder: URL, check: boolean): readonly string[] {
  const outdated: string[] = []
  for (const suite of suites) {
    const page = new URL(`${suite.contract}.md`, folder)
    const text = renderSuite(suite)
    if (contentOf(page) === text) continue
    outdated.push(page.pathname)
    if (check) continue
    mkdirSync(folder, { recursive: true })
    writeFileSync(page, text)
  }
  return outdated
}

function contentOf(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const outdated = updatePages(new URL('../../../docs/spec/', import.meta.url), values.check)
if (outdated.length === 0) {
  process.stdout.write('docs/spec says what the rules say\n')
} else if (values.check) {
  process.stderr.write(`out of date, run \`npm run docs:spec\`: ${outdated.join(', ')}\n`)
  process.exitCode = 1
} else {
  process.stdout.write(`written: ${outdated.join(', ')}\n`)
}
