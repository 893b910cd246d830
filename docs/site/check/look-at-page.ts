import type { BrowserContext, Page } from 'playwright-core'

interface View {
  readonly url: string
  readonly dark: boolean
  readonly screenshot: string
}

/** Opens a page; answers its console errors, failed requests, and what does not fit or has the wrong colours. */
export async function problemsOfPage(context: BrowserContext, view: View): Promise<readonly string[]> {
  const page = await context.newPage()
  const problems = collectErrors(page)
  await page.goto(view.url, { waitUntil: 'networkidle' })
  await drawDiagrams(page, problems)
  const facts = await page.evaluate(() => ({
    dark: document.documentElement.classList.contains('dark'),
    background: getComputedStyle(document.body).backgroundColor,
    heading: document.querySelector('h1')?.textContent ?? '',
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  }))
  if (facts.dark !== view.dark) problems.push(`is ${facts.dark ? 'dark' : 'light'} though the reader wants the other`)
  if (isDarkColour(facts.background) !== view.dark) problems.push(`has the background ${facts.background}`)
  if (facts.heading.trim() === '') problems.push('has no heading')
  if (facts.wider > 0) problems.push(`is ${facts.wider} pixels wider than the screen`)
  await page.screenshot({ path: view.screenshot })
  await page.close()
  return problems
}

/** Looks for a word as a reader would, and opens the first result. */
export async function problemsOfSearch(context: BrowserContext, url: string): Promise<readonly string[]> {
  const page = await context.newPage()
  const problems = collectErrors(page)
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.keyboard.press('/')
  const box = page.locator('.VPLocalSearchBox input')
  await box.fill('leased lanes')
  const result = page.locator('.VPLocalSearchBox .result').first()
  try {
    await result.click({ timeout: 10_000 })
    await page.waitForURL((address) => address.href !== url, { timeout: 10_000 })
  } catch (error) {
    problems.push(`search for “leased lanes” leads nowhere: ${String(error)}`)
  }
  await page.close()
  return problems.map((problem) => `search: ${problem}`)
}

function collectErrors(page: Page): string[] {
  const problems: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('requestfailed', (request) => problems.push(`request failed: ${request.url()}`))
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.status()} for ${response.url()}`)
  })
  return problems
}

async function drawDiagrams(page: Page, problems: string[]): Promise<void> {
  const diagrams = page.locator('.diagram')
  for (let index = 0; index < (await diagrams.count()); index += 1) {
    const drawn = diagrams.nth(index).locator('svg')
    await drawn.waitFor({ timeout: 20_000 }).catch(() => problems.push(`diagram ${index + 1} is not drawn`))
  }
}

function isDarkColour(colour: string): boolean {
  const [red = 255, green = 255, blue = 255] = [...colour.matchAll(/\d+/g)].map(([part]) => Number(part))
  return red + green + blue < 3 * 128
}
