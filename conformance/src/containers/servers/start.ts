import { exclusively } from '../lock.ts'
import { currentRun } from '../runs/run.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { startContainer, untilReady } from './container.ts'
import { databaseMaker } from './database.ts'
import { findShared } from './find-shared.ts'
import type { ServerKind } from './kind.ts'
import { ownServer } from './own.ts'
import type { OwnServer, Server, Unavailable } from './server.ts'

/** For a server of one's own. */
export interface StartOptions {
  /** More arguments of the server, for example `['-c', 'wal_level=logical']`; of two for one setting the later one counts. */
  readonly arguments?: readonly string[]
}

/** The server of a kind that all processes of this run share. */
export async function sharedServer(kind: ServerKind): Promise<Server | Unavailable> {
  return await orUnavailable(kind, async () => {
    const run = currentRun()
    const given = process.env[kind.urlVariable]
    const { url, version, origin } =
      given === undefined
        ? await exclusively(
            `${kind.id}-${run}`,
            async () => (await findShared(kind, run)) ?? (await startContainer(kind, run, 'shared')),
          )
        : ({ url: given, version: await untilReady(kind, given), origin: 'given' } as const)
    return { available: true, name: kind.name, url, version, origin, createDatabase: databaseMaker(kind, url) }
  })
}

/** A server of a kind for the caller alone. */
export async function startOwn(kind: ServerKind, options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return await orUnavailable(kind, async () => {
    if (process.env[kind.urlVariable] !== undefined) {
      throw new ServerUnavailableError(
        `needs a container of its own to disrupt, and ${kind.urlVariable} gives a server that is there already`,
      )
    }
    const adapted = { ...kind, command: [...kind.command, ...(options.arguments ?? [])] }
    return ownServer(kind, await startContainer(adapted, currentRun(), 'own'))
  })
}

/** In continuous integration nothing may be left out, so that there the reason is an error. */
async function orUnavailable<T>(kind: ServerKind, work: () => Promise<T>): Promise<T | Unavailable> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || process.env['CI'] === 'true') throw error
    return { available: false, name: kind.name, reason: error.message }
  }
}
