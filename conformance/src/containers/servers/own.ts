import type { Engine } from '../engine/engine.ts'
import { removeContainer } from '../runs/sweep.ts'
import { type Container, untilReady } from './container.ts'
import { databaseMaker } from './database.ts'
import type { ServerKind } from './kind.ts'
import type { OwnServer } from './server.ts'

/** The server's own time to shut down in an orderly way, in seconds, before Docker kills it. */
const shutdownSeconds = 30

/** A started container, with everything that may be done to it. */
export function ownServer(kind: ServerKind, started: Container): OwnServer {
  const { engine, id, url, version, origin } = started
  const container = engine.container.dockerode.getContainer(id)
  return {
    available: true,
    name: kind.name,
    version,
    url,
    origin,
    createDatabase: databaseMaker(kind, url),
    kill: async () => {
      await container.kill({ signal: 'SIGKILL' })
      await container.wait()
    },
    restart: async () => {
      await container.restart({ t: shutdownSeconds })
      await untilReady(kind, url)
    },
    pause: async () => {
      await container.pause()
    },
    unpause: async () => {
      await container.unpause()
    },
    exec: (command) => execute(engine, id, command),
    stop: () => removeContainer(engine, id),
  }
}

async function execute(
  engine: Engine,
  id: string,
  command: readonly string[],
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const { exitCode, output } = await engine.container.exec(engine.container.getById(id), [...command])
  return { exitCode, output }
}
