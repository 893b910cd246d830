import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { workspaceRoot } from '../../src/workspace.ts'

/** A fenced block of a page. */
export interface CodeBlock {
  /** Relative to the top, with forward slashes. */
  readonly page: string
  readonly line: number
  readonly language: string
  readonly text: string
  /** `file#region`, from the comment `<!-- code: … -->` on the line before the block. */
  readonly source: string | undefined
}

/** Every page that people read, generated ones included. */
export const pages: readonly string[] = globSync(
  ['*.md', 'docs/**/*.md', '{packages,adapters,examples}/*/README.md', 'conformance/README.md'],
  { cwd: workspaceRoot, exclude: ['**/node_modules/**'] },
)
  .map((file) => file.split(sep).join('/'))
  .toSorted()

export function readPage(page: string): string {
  return readFileSync(join(workspaceRoot, page), 'utf8')
}

export function codeBlocks(page: string): readonly CodeBlock[] {
  const text = readPage(page)
  return [...text.matchAll(/(?:^<!-- code: (\S+) -->\n)?^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[2] ?? '',
    text: match[3] ?? '',
    source: match[1],
  }))
}

/** The lines between `// #region name` and `// #endregion`, without their common indentation. */
export function region(source: string): string {
  const [file = '', name = ''] = source.split('#')
  if (name === '') return readPage(file)
  const lines = readPage(file).split('\n')
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`)
  const length = lines.slice(start).findIndex((line) => line.trim() === '// #endregion')
  if (start < 0 || length < 0) throw new Error(`${file} has no region '${name}'`)
  const body = lines.slice(start + 1, start + length)
  const indent = Math.min(...body.filter((line) => line !== '').map((line) => line.search(/\S/)))
  return body.map((line) => `${line.slice(indent)}\n`).join('')
}
