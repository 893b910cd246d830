import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { builtFolder } from '../repository.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Where the browser believes the site to be. */
export const origin = 'http://localhost'

/**
 * Answers what a browser asks for with what has been built, as static hosts do (`/a/b` is `a/b.html`), without a network: to
 * Chromium a network that changes, as it does while containers start, is an error. Whatever lies outside is refused.
 */
export async function serveBuilt(context: BrowserContext, base: string): Promise<void> {
  await context.route('**/*', async (route) => {
    const url = new URL(route.request().url())
    if (url.origin !== origin || !url.pathname.startsWith(base)) return await route.abort('blockedbyclient')
    const found = await find(decodeURIComponent(url.pathname.slice(base.length - 1)))
    if (found === undefined) return await route.fulfill({ status: 404, body: 'not found' })
    return await route.fulfill({ body: found.body, contentType: types[found.type] ?? 'text/plain' })
  })
}

async function find(path: string): Promise<{ readonly body: Buffer; readonly type: string } | undefined> {
  const file = join(builtFolder, normalize(path))
  const candidates = path.endsWith('/') ? [join(file, 'index.html')] : [file, `${file}.html`]
  for (const candidate of candidates) {
    try {
      return { body: await readFile(candidate), type: extname(candidate) }
    } catch {
      // The next one may be there.
    }
  }
  return undefined
}
