import { basename, dirname } from 'node:path/posix'
import { fences } from '../markdown.ts'
import { sitePages } from '../pages.ts'
import { find, isFile, read } from '../repository.ts'
import { snippets, snippetText } from '../snippets.ts'
import type { CheckResult } from './check.ts'
import { problemsOfCommands } from './commands.ts'

/** Pages whose every block of code comes from a tested file. Those of packages have tests of their own. */
const strict = (file: string): boolean => /^docs\/(tutorial|how-to|reference|explanation|index\.md)/.test(file)
/** Blocks that people run or copy. Others (`text`, `mermaid`) show something. */
const isCode = (language: string): boolean =>
  /^(ts|typescript|js|javascript|sh|bash|sql|yaml|yml|json|)$/.test(language)

/** Every code block is compiled or executed: it is taken from a file that a test runs, or its commands are known. */
export function checkCode(): CheckResult {
  const problems: string[] = []
  let looked = 0
  for (const file of [...sitePages().keys()].filter(strict)) {
    const markdown = read(file)
    for (const { line, language, text } of fences(markdown).filter((fence) => isCode(fence.language))) {
      looked += 1
      const found = language === 'sh' ? problemsOfCommands(text) : ['is not taken from a file: use <<< @/file#region']
      problems.push(...found.map((problem) => `${file}:${line}: the block ${problem}`))
    }
    for (const snippet of snippets(markdown)) {
      looked += 1
      const problem = problemOfSnippet(snippet.file, snippet.region)
      if (problem !== undefined) problems.push(`${file}:${snippet.line}: ${problem}`)
    }
  }
  return { name: 'code', looked, problems }
}

function problemOfSnippet(file: string, region: string | undefined): string | undefined {
  try {
    if (snippetText(file, region).trim() === '') return `${file}#${region} is empty`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return isTested(file) ? undefined : `${file} is run by no test`
}

/** A test, a source of an example (which the tests run), or a file that a test of the same or the next folder names. */
function isTested(file: string): boolean {
  if (file.endsWith('.test.ts') || /^examples\/[^/]+\/src\//.test(file)) return true
  const tests = find(`${dirname(file)}/*.test.ts`, 'docs/test/**/*.test.ts')
  return isFile(file) && tests.some((test) => read(test).includes(basename(file)))
}
