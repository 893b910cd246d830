import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { AdapterPlan } from './generate.ts'
import { type AdapterKind, adapterKinds, adapterNames } from './names.ts'

export const usage: string = `npm create waybill-adapter <name> -- --kind <${adapterKinds.join('|')}> [--folder <folder>]

  <name>     of the package: waybill-couch, or @shop/waybill-couch
  --kind     storage: outbox and inbox of a database; broker: publisher and consumer
  --folder   where it is made   default: a new folder with the package's name
  --help     this text`

/** An argument that cannot be used. The message is for whoever typed it. */
export class ArgumentError extends Error {}

/** Answers `null` if only help was asked for. @throws {@link ArgumentError} */
export function readArguments(args: readonly string[]): AdapterPlan | null {
  const { values, positionals } = parse(args)
  if (values.help === true) return null
  const [packageName, ...more] = positionals
  if (packageName === undefined) throw new ArgumentError('the name of the package is missing')
  if (more.length > 0) throw new ArgumentError(`one name is enough: what is '${more.join(' ')}'?`)
  const names = adapterNames(packageName)
  if (names === null) {
    throw new ArgumentError(`'${packageName}' is no name for a package: lower-case letters, digits and hyphens`)
  }
  return { kind: kindOf(values.kind), names, folder: resolve(values.folder ?? names.folder) }
}

function kindOf(value: string | undefined): AdapterKind {
  const kind = adapterKinds.find((each) => each === value)
  if (kind !== undefined) return kind
  const given = value === undefined ? 'is missing (after npm create, options need -- before them)' : `is '${value}'`
  throw new ArgumentError(`--kind ${given}: it is one of ${adapterKinds.join(', ')}`)
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { kind: { type: 'string' }, folder: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
