import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { builtFolder } from '../repository.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Serves what has been built, at a port of its own, as static hosts do: `/a/b` is `a/b.html`. */
export async function serveBuilt(base: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site')
    const found = await find(decodeURIComponent(pathname.slice(base.length - 1)))
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': types[found?.type ?? ''] ?? 'text/plain' })
    response.end(found?.body ?? 'not found')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${base}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
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
