import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { workspaceRoot } from '../../src/workspace.ts'
import { pages, readPage } from './code-blocks.ts'

/** The part after `#` that a heading gets. */
function anchorOf(heading: string): string {
  const text = heading.replace(/[`*]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- ]/gu, '')
    .replaceAll(' ', '-')
}

function anchorsOf(page: string): readonly string[] {
  const text = readPage(page)
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
  const named = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name)
  return [...headings, ...named]
}

/** Links of a page to files of the checkout, code left out. */
function localLinks(page: string): readonly string[] {
  const prose = readPage(page)
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link))
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  for (const link of localLinks(page)) {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    expect(existsSync(join(workspaceRoot, target)), `${page} links to ${link}`).toBe(true)
    if (anchor === undefined) continue
    const file = statSync(join(workspaceRoot, target)).isDirectory() ? join(target, 'README.md') : target
    expect(anchorsOf(file), `${page} links to ${link}`).toContain(anchor)
  }
})

test.each(pages)('the tests that %s names are there', (page) => {
  for (const [, name = '', file = ''] of readPage(page).matchAll(/\[([^\]]+)\]\(([^)\s]+\.test\.ts)\)/g)) {
    expect(readPage(join(dirname(page), file)), `${page} names '${name}'`).toContain(`test('${name}'`)
  }
})

test('the invariants that the guarantees name are checked by the simulation', () => {
  const named = readPage('docs/architecture/guarantees.md').matchAll(/^- Invariants?: (.*?)(?=\n\n|\n- |\n#)/gms)
  const names = [...named].flatMap(([, list = '']) => [...list.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name))
  const simulation = readPage('packages/simulation/src/violation.ts')
  expect(names).not.toEqual([])
  for (const name of names) expect(simulation).toMatch(new RegExp(`^ {2}'?${name}'?:`, 'm'))
})
