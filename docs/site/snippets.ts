import { extname } from 'node:path'
import { isFile, read } from './repository.ts'

/** `<<< @/file#region [label]`, as VitePress writes it; `@` is the checkout's top folder. */
const reference = /^<<< @\/([^\s#[]+)(?:#([\w-]+))?(?: \[([^\]]+)\])?$/gm

/** What a page takes over from a file. */
export interface Snippet {
  readonly line: number
  readonly file: string
  readonly region: string | undefined
}

export function snippets(markdown: string): readonly Snippet[] {
  return [...markdown.matchAll(reference)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length,
    file: match[1] ?? '',
    region: match[2],
  }))
}

/** Replaces each reference by the code itself. VitePress would show a whole file where a region is missing; we throw. */
export function includeSnippets(markdown: string): string {
  return markdown.replaceAll(reference, (_, file: string, region?: string, label?: string) => {
    const language = extname(file).slice(1)
    const text = snippetText(file, region)
    // VitePress shows the label of a block only in a group.
    if (label !== undefined) return `::: code-group\n\`\`\`${language} [${label}]\n${text}\`\`\`\n:::`
    return `\`\`\`${language}\n${text}\`\`\``
  })
}

/** The file, or the lines between `#region name` and `#endregion` in a comment, without their common indentation. */
export function snippetText(file: string, region?: string): string {
  if (!isFile(file)) throw new Error(`there is no file ${file}`)
  const lines = read(file).trimEnd().split('\n')
  if (region === undefined) return `${lines.filter((line) => !/#(end)?region\b/.test(line)).join('\n')}\n`
  const start = lines.findIndex((line) => line.trimEnd().endsWith(`#region ${region}`))
  const length = lines.slice(start).findIndex((line) => line.includes('#endregion'))
  if (start < 0 || length < 0) throw new Error(`${file} has no region '${region}'`)
  const body = lines.slice(start + 1, start + length)
  const indent = Math.min(...body.filter((line) => line !== '').map((line) => line.search(/\S/)))
  return body.map((line) => `${line.slice(indent)}\n`).join('')
}
