import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { dirname, join as joinAddress } from 'node:path/posix'
import { builtFolder } from '../repository.ts'
import type { CheckResult } from './check.ts'

interface BuiltPage {
  readonly ids: ReadonlySet<string>
  readonly links: readonly string[]
}

/** Every link of the built pages: inside the site to a page and an anchor that exist, outside to a well-formed address. */
export function checkLinks(): CheckResult {
  const base = process.env['WAYBILL_DOCS_BASE'] ?? '/'
  const pages = new Map(
    globSync('**/*.html', { cwd: builtFolder }).map((file) => [file.split(sep).join('/'), parse(file)] as const),
  )
  const problems: string[] = []
  let looked = 0
  for (const [page, { links }] of pages) {
    for (const link of links) {
      looked += 1
      const problem = problemOf(link, page, { pages, base })
      if (problem !== undefined) problems.push(`${page} links to ${link}: ${problem}`)
    }
  }
  return { name: 'links', looked, problems: [...new Set(problems)] }
}

function parse(file: string): BuiltPage {
  const html = readFileSync(join(builtFolder, file), 'utf8')
  return {
    ids: new Set([...html.matchAll(/\sid="([^"]+)"/g)].map((match) => decode(match[1] ?? ''))),
    links: [...html.matchAll(/<a\s[^>]*?href="([^"]+)"/g)].map((match) => decode(match[1] ?? '')),
  }
}

function problemOf(
  link: string,
  page: string,
  site: { readonly pages: ReadonlyMap<string, BuiltPage>; readonly base: string },
): string | undefined {
  if (/^[a-z]+:/.test(link)) return URL.canParse(link) ? undefined : 'no address'
  const [path = '', anchor = ''] = link.split('#')
  const inside = path.startsWith(site.base) ? path.slice(site.base.length) : joinAddress(dirname(page), path)
  const target =
    path === ''
      ? page
      : [inside, `${inside}.html`, joinAddress(inside, 'index.html')].find((each) => site.pages.has(each))
  if (target === undefined) return existsSync(join(builtFolder, inside)) ? undefined : 'no such page'
  if (anchor === '' || site.pages.get(target)?.ids.has(decodeURIComponent(anchor))) return undefined
  return `no such heading in ${target}`
}

function decode(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
}
