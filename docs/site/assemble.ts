import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { generateApi } from './generate/api.ts'
import { conformanceIndex, conformancePages } from './generate/conformance.ts'
import { optionsReference } from './generate/options.ts'
import { schemaReference } from './generate/schema.ts'
import { rewriteLinks } from './links.ts'
import { sitePages } from './pages.ts'
import { read, root, siteFolder } from './repository.ts'
import { includeSnippets } from './snippets.ts'

/** Mermaid's own bundle, for the browser to load where a page has a diagram. To bundle it anew takes longer than all the rest. */
function copyMermaid(): void {
  const from = join(root, 'docs/node_modules/mermaid/dist')
  const to = join(siteFolder, 'public/mermaid')
  if (existsSync(to)) return
  for (const part of ['mermaid.esm.min.mjs', 'chunks/mermaid.esm.min'])
    cpSync(join(from, part), join(to, part), { recursive: true, filter: (file) => !file.endsWith('.map') })
}

/** Puts the pages together that VitePress builds: those that are written, and those that are generated. */
export async function assemble(): Promise<void> {
  copyMermaid()
  cpSync(join(root, 'docs/public'), join(siteFolder, 'public'), { recursive: true })
  const api = await generateApi()
  const generated: Readonly<Record<string, string>> = {
    api: api.index,
    conformance: conformanceIndex(),
    options: optionsReference(api.project),
    schema: schemaReference(),
  }
  const written = [...sitePages()].map(([file, page]) => [page, assemblePage(file, generated)] as const)
  const pages = new Map([...written, ...api.pages, ...conformancePages()])
  for (const [page, markdown] of pages) write(page, markdown)
  for (const page of globSync('**/*.md', { cwd: siteFolder })) {
    if (!pages.has(page.split(sep).join('/'))) rmSync(join(siteFolder, page))
  }
}

function assemblePage(file: string, generated: Readonly<Record<string, string>>): string {
  const written = rewriteLinks(includeSnippets(read(file)), file, sitePages())
  return written.replaceAll(/^<!-- generate: (\w+) -->$/gm, (_, name: string) => {
    const markdown = generated[name]
    if (markdown === undefined) throw new Error(`${file} asks for '${name}', which nothing generates`)
    return markdown
  })
}

function write(page: string, markdown: string): void {
  const file = join(siteFolder, page)
  // A page that has not changed is not written: the development server reloads what is.
  if (existsSync(file) && readFileSync(file, 'utf8') === markdown) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, markdown)
}
