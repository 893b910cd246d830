import { join } from 'node:path'
import { withDirectory } from '../harness/directory.ts'
import { copyOutboxFile, createOutboxFile, type OutboxContents, removeOutboxFile } from './outbox-file.ts'

/** A filled database, and copies of it to work on. */
export interface Scratch {
  /** The database itself, for work that may leave its traces. */
  readonly file: string
  /** Does work on a fresh copy. */
  withCopy<T>(work: (file: string) => Promise<T>): Promise<T>
}

export function withScratch<T>(contents: OutboxContents, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  return withDirectory((directory) => {
    const file = join(directory, 'outbox.db')
    createOutboxFile(file, contents)
    let copies = 0
    return work({
      file,
      async withCopy(copyWork) {
        const copy = copyOutboxFile(file, join(directory, `copy-${++copies}.db`))
        try {
          return await copyWork(copy)
        } finally {
          removeOutboxFile(copy)
        }
      },
    })
  })
}
