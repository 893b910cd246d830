import { build, createServer } from 'vitepress'
import { assemble } from './assemble.ts'
import { check } from './check/check.ts'
import { root } from './repository.ts'
import { follow } from './tutorial.ts'
import { reassembleOnChange } from './watch.ts'

const docs = `${root}/docs`
const tasks: Readonly<Record<string, () => Promise<void>>> = {
  build: async () => {
    await assemble()
    await build(docs)
  },
  dev: async () => {
    await assemble()
    const server = await createServer(docs)
    await server.listen()
    server.printUrls()
    reassembleOnChange()
  },
  check: async () => {
    await assemble()
    await build(docs)
    await check()
  },
  /** The first tutorial as its reader does it, with the npm and the registry that the environment names. */
  tutorial: async () => {
    for (const { expected, actual } of await follow('docs/tutorial/first-outbox.md', { env: process.env })) {
      process.stdout.write(actual)
      if (actual !== expected) throw new Error(`the tutorial promises\n${expected}`)
    }
  },
}

const task = tasks[process.argv[2] ?? '']
if (task === undefined) {
  console.error(`site: one of ${Object.keys(tasks).join(', ')}`)
  process.exitCode = 1
} else {
  await task()
}
