import { watch } from 'node:fs'
import { join } from 'node:path'
import { assemble } from './assemble.ts'
import { root } from './repository.ts'

const quietMs = 200

/** Puts the pages together again after a change in docs, once nothing has changed for a moment. */
export function reassembleOnChange(): void {
  let timer: NodeJS.Timeout | undefined
  watch(join(root, 'docs'), { recursive: true }, (_, file) => {
    if (file === null || /^(\.|node_modules)/.test(file) || !/\.(md|ts|sql|yaml)$/.test(file)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      assemble().catch((error: unknown) => console.error(error))
    }, quietMs)
  })
}
