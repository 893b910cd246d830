import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { Application, type ProjectReflection } from 'typedoc'
import { table } from '../markdown.ts'
import { apiPage, entryPoints } from '../packages.ts'
import { root } from '../repository.ts'

/** The API reference, and the reflection that it was made from. */
export interface Api {
  readonly project: ProjectReflection
  readonly index: string
  readonly pages: ReadonlyMap<string, string>
}

/** One page for each entry point, from its declarations and their comments. */
export async function generateApi(): Promise<Api> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-api-'))
  try {
    const app = await application(folder)
    const project = await app.convert()
    if (project === undefined) throw new Error('TypeDoc could not read the sources')
    for (const entry of entryPoints) nameModule(project, entry)
    await app.generateOutputs(project)
    const pages = new Map<string, string>()
    for (const entry of entryPoints) {
      const file = join(folder, `${entry.name}.md`)
      pages.set(apiPage(entry), toSitePage(await readFile(file, 'utf8'), entry.name))
    }
    return { project, index: indexTable(project), pages }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function application(out: string): Promise<Application> {
  return Application.bootstrapWithPlugins({
    entryPoints: entryPoints.map(({ file }) => join(root, file)),
    tsconfig: join(root, 'tsconfig.json'),
    // The stage `types` checks them, with the compiler of the workspace.
    skipErrorChecking: true,
    plugin: ['typedoc-plugin-markdown'],
    out,
    readme: 'none',
    disableSources: true,
    // What comes from the platform, as the properties of Error.
    excludeExternals: true,
    sort: ['source-order'],
    githubPages: false,
    logLevel: 'Error',
    ...{
      outputFileStrategy: 'modules',
      entryFileName: 'index',
      hideBreadcrumbs: true,
      hidePageHeader: true,
      useCodeBlocks: true,
      // Links inside the pages are the plugin's own; a heading's address would depend on how many others have its name.
      useHTMLAnchors: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      classPropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      enumMembersFormat: 'table',
    },
  })
}

/** TypeDoc calls modules by their folders; users know them by the names that they import. */
function nameModule(project: ProjectReflection, { name, file }: (typeof entryPoints)[number]): void {
  const known = file.replace(/\/index\.ts$/, '')
  const module = project.children?.find((child) => child.name === known)
  if (module === undefined) throw new Error(`TypeDoc knows no module ${known}`)
  module.name = name
}

/** TypeDoc links its pages to each other by their places in its folder. */
function toSitePage(markdown: string, name: string): string {
  const linked = markdown.replaceAll(/\]\(([^)#\s]+)\.md(#[^)]*)?\)/g, (_, path: string, anchor = '') => {
    const target = posix.join(posix.dirname(name), path)
    const entry = entryPoints.find((each) => each.name === target)
    if (entry === undefined) throw new Error(`${name} links to ${target}, which is no entry point`)
    return `](/${apiPage(entry)}${anchor})`
  })
  return `---\noutline: [2, 3]\n---\n\n${linked.replace(/^# .*$/m, `# ${name}`)}`
}

function indexTable(project: ProjectReflection): string {
  const rows = entryPoints.map((entry) => {
    const module = project.children?.find((child) => child.name === entry.name)
    const page = apiPage(entry).replace('reference/api/', './')
    return [`[\`${entry.name}\`](${page})`, String(module?.children?.length ?? 0)]
  })
  return table(['entry point', 'exports'], rows)
}
