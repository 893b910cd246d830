import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core'
import { origin, serveBuilt } from './built-files.ts'
import type { CheckResult } from './check.ts'
import { ensureChromium } from './chromium.ts'
import { problemsOfPage, problemsOfSearch } from './look-at-page.ts'

const base = process.env['WAYBILL_DOCS_BASE'] ?? '/'

/** One page of each kind. */
const pages = [
  '',
  'tutorial/first-outbox',
  'how-to/retries-and-dead-letters',
  'architecture/guarantees',
  'architecture/leased-lanes',
  'reference/options',
  'reference/api/core',
  'conformance/',
  'conformance/storage-postgres',
]

const screens: Readonly<Record<string, BrowserContextOptions>> = {
  'desktop-light': { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  'desktop-dark': { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
  'phone-light': { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'light' },
  'phone-dark': { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: 'dark' },
}

/** Shows pages in Chromium, light and dark, on a desktop and on a phone, and leaves screenshots behind. */
export async function checkBrowser(): Promise<CheckResult> {
  const found = ensureChromium()
  if ('missing' in found) return { name: 'browser', looked: 0, problems: [], skipped: found.missing }
  const folder = process.env['WAYBILL_SCREENSHOTS'] ?? join(tmpdir(), 'waybill-screenshots')
  await mkdir(folder, { recursive: true })
  const browser = await chromium.launch({ executablePath: found.path, args: ['--no-sandbox'] })
  try {
    const problems: string[] = []
    for (const [screen, options] of Object.entries(screens)) {
      problems.push(...(await lookAt(browser, { screen, options, folder })))
    }
    await using context = await browser.newContext()
    await serveBuilt(context, base)
    problems.push(...(await problemsOfSearch(context, `${origin}${base}`)))
    console.log(`site: screenshots are in ${folder}`)
    return { name: 'browser', looked: pages.length * Object.keys(screens).length + 1, problems }
  } finally {
    await browser.close()
  }
}

interface Look {
  readonly screen: string
  readonly options: BrowserContextOptions
  readonly folder: string
}

async function lookAt(browser: Browser, { screen, options, folder }: Look): Promise<readonly string[]> {
  await using context = await browser.newContext(options)
  await serveBuilt(context, base)
  const problems: string[] = []
  for (const page of pages) {
    const name = page === '' ? 'home' : page.replaceAll('/', '-').replace(/-$/, '')
    const found = await problemsOfPage(context, {
      url: `${origin}${base}${page}`,
      dark: options.colorScheme === 'dark',
      screenshot: join(folder, `${name}-${screen}.png`),
    })
    problems.push(...found.map((problem) => `/${page} (${screen}): ${problem}`))
  }
  return problems
}
