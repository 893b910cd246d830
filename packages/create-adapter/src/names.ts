/** What an adapter can be: the storage of outbox and inbox, or publisher and consumer of a broker. */
export const adapterKinds = ['storage', 'broker'] as const

export type AdapterKind = (typeof adapterKinds)[number]

/** The names that a new adapter goes by. */
export interface AdapterNames {
  /** As it is published, for example `@shop/waybill-couch`. */
  readonly packageName: string
  /** The folder of a package of that name: `waybill-couch`. */
  readonly folder: string
  /** What logs and reports say: `couch`. */
  readonly name: string
  /** Begins functions: `couchStorage`. */
  readonly camel: string
  /** Begins types: `CouchTransaction`. */
  readonly pascal: string
}

/** npm's own rule for names of new packages, and a letter first, because functions are named after it. */
const packageNames = /^(?:@[a-z0-9][a-z0-9._-]*\/)?([a-z][a-z0-9._-]*)$/

/** Words of a package's name that say what every adapter is. */
const commonWords: ReadonlySet<string> = new Set(['waybill', 'adapter', 'storage', 'broker'])

/** Answers `null` for what npm would not take as the name of a package. */
export function adapterNames(packageName: string): AdapterNames | null {
  const folder = packageNames.exec(packageName)?.[1]
  if (folder === undefined || packageName.length > 214) return null
  const all = folder.split(/[._-]+/).filter((word) => word !== '')
  const own = all.filter((word) => !commonWords.has(word))
  // Functions cannot begin with a digit.
  const words = own.length > 0 && /^[a-z]/.test(own[0] ?? '') ? own : all
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1)
  return { packageName, folder, name: words.join('-'), camel, pascal }
}
