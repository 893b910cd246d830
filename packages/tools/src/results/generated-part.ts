const [begin, end] = ['<!-- results: npm run docs:results -->\n', '<!-- /results -->']

/** The page with another generated part; `null` if it has no place for one. */
export function withGeneratedPart(page: string, part: string): string | null {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  return before === undefined || after === undefined ? null : `${before}${begin}${part}\n${end}${after}`
}
