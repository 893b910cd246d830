import { dirname, join } from 'node:path/posix'
import { changeProse } from './markdown.ts'
import { isFile, isFolder, repositoryUrl } from './repository.ts'

/** Links of a file of the checkout as the site needs them: to a page of the site, else to the file in the repository. */
export function rewriteLinks(markdown: string, file: string, pages: ReadonlyMap<string, string>): string {
  return changeProse(markdown, (prose) =>
    prose.replaceAll(/\]\(([^)\s]+)\)/g, (_, link: string) => `](${rewrite(link, file, pages)})`),
  )
}

function rewrite(link: string, file: string, pages: ReadonlyMap<string, string>): string {
  if (/^([a-z]+:|#)/.test(link)) return link
  const [path = '', anchor] = link.split('#')
  const target = join(dirname(file), path).replace(/\/$/, '')
  const page = pages.get(target) ?? pages.get(`${target}/README.md`)
  const suffix = anchor === undefined ? '' : `#${anchor}`
  if (page !== undefined) return `/${page}${suffix}`
  if (target === 'README.md') return '/'
  if (isFile(target)) return `${repositoryUrl}/blob/main/${target}${suffix}`
  if (isFolder(target)) return `${repositoryUrl}/tree/main/${target}`
  throw new Error(`${file} links to ${link}, which does not exist`)
}
