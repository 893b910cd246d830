import { Comment, type DeclarationReflection, type ProjectReflection, ReflectionKind } from 'typedoc'
import { table } from '../markdown.ts'
import { entryPoints } from '../packages.ts'

/** Tables of every exported interface whose name ends with `Options`, from the comments of its properties. */
export function optionsReference(project: ProjectReflection): string {
  const sections = entryPoints.flatMap(({ name }) => {
    const module = project.children?.find((child) => child.name === name)
    const interfaces = (module?.children ?? []).filter(isOptions)
    return interfaces.length === 0 ? [] : [`## ${name}`, ...interfaces.map(section)]
  })
  return sections.join('\n\n')
}

function isOptions(reflection: DeclarationReflection): boolean {
  return reflection.kind === ReflectionKind.Interface && reflection.name.endsWith('Options')
}

function section(options: DeclarationReflection): string {
  const properties = options.children ?? []
  const rows = properties.map((property) => [
    `\`${property.name}\``,
    property.flags.isOptional ? defaultOf(property) : '*required*',
    describe(property),
  ])
  return [`### ${options.name}`, inline(options.comment), table(['option', 'default', 'what it says'], rows)].join(
    '\n\n',
  )
}

/** The unit stands in the name (`Ms`, `Bytes`) or in the comment. */
function describe(property: DeclarationReflection): string {
  const comment = property.comment ?? property.getSignature?.comment ?? property.signatures?.[0]?.comment
  const text = inline(comment)
  const unit = property.name.endsWith('Ms') && !/milliseconds/i.test(text) ? 'Milliseconds. ' : ''
  return `${unit}${text} \`${typeOf(property)}\``.trim()
}

function typeOf(property: DeclarationReflection): string {
  return (property.type?.toString() ?? 'function').replaceAll('`', "'")
}

function defaultOf(property: DeclarationReflection): string {
  const tag = property.comment?.getTag('@default')
  if (tag === undefined) return ''
  const text = Comment.combineDisplayParts(tag.content)
  const code = /^```\w*\n(.*)\n```$/s.exec(text)?.[1] ?? text
  return code.includes('`') || isProse(code) ? code.trim() : `\`${grouped(code.trim())}\``
}

/** `14 days`, unlike `exponential({ maxAttempts: 5 })`: a space comes before any bracket. */
function isProse(code: string): boolean {
  return /^[^({[]*\S \S/.test(code)
}

/** 30000 becomes 30_000, as one would write it. */
function grouped(code: string): string {
  return /^\d{5,}$/.test(code) ? Number(code).toLocaleString('en-US').replaceAll(',', '_') : code
}

function inline(comment: Comment | undefined): string {
  const text = Comment.combineDisplayParts(comment?.summary).replaceAll(/\{@link (\S+?)\}/g, '`$1`')
  return text.replaceAll(/\s*\n\s*/g, ' ').trim()
}
