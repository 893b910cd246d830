import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { mutants } from './mutants.ts'

const repository = new URL('../../../../', import.meta.url)

export interface LoadHook {
  /** @throws if a file that the mutant changes has not been loaded. */
  assertApplied(): void
}

/** Changes source texts as they are loaded from now on, by the edits of one mutant. */
export function putIntoCode(name: string): LoadHook {
  const mutant = mutants.find((candidate) => candidate.name === name)
  if (mutant === undefined) throw new Error(`There is no mutant '${name}'`)
  const missing = new Set(mutant.edits)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const edits = mutant.edits.filter(({ file }) => new URL(file, repository).href === url)
      if (edits.length === 0) return loaded
      let source = textOf(loaded.source)
      for (const edit of edits) {
        source = applyEdit(source, edit)
        missing.delete(edit)
      }
      return { ...loaded, source }
    },
  })
  return {
    assertApplied() {
      const [edit] = missing
      if (edit !== undefined) throw new Error(`The mutant '${name}' changes ${edit.file}, which was not loaded`)
    },
  }
}

/** @throws if the snippet is not there exactly once: the code has changed, and the mutant must follow. */
export function applyEdit(
  source: string,
  edit: { readonly file: string; readonly find: string; readonly replace: string },
): string {
  const parts = source.split(edit.find)
  if (parts.length === 2) return parts.join(edit.replace)
  throw new Error(`${edit.file} has this snippet ${parts.length - 1} times, a mutant wants it once:\n${edit.find}`)
}

/** Where a file of the repository is. */
export function pathOf(file: string): string {
  return fileURLToPath(new URL(file, repository))
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined | null): string {
  if (typeof source === 'string') return source
  if (source == null) throw new Error('A module without a source text cannot be changed')
  return new TextDecoder().decode(source)
}
