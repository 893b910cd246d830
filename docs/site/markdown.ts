/** A fenced block of a page. */
export interface Fence {
  readonly line: number
  readonly language: string
  readonly text: string
  /** `<!-- code: file#region -->` on the line before. */
  readonly source: string | undefined
}

export function fences(markdown: string): readonly Fence[] {
  return [...markdown.matchAll(/(?:^<!-- code: (\S+) -->\n)?^```(\w*)[^\n]*\n(.*?)^```$/gms)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length,
    language: match[2] ?? '',
    text: match[3] ?? '',
    source: match[1],
  }))
}

/** Applies a change to what is neither a fenced block nor code within a line. */
export function changeProse(markdown: string, change: (prose: string) => string): string {
  return markdown
    .split(/(^```.*?^```$|`[^`\n]+`)/ms)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('')
}

/** The part of an address after `#` that a heading gets: GitHub's, so that a link works there and on the site. */
export function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

export function titleOf(markdown: string): string {
  return /^# (.+)$/m.exec(markdown)?.[1]?.replaceAll('`', '') ?? ''
}

/** A table; what would end a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')
}
