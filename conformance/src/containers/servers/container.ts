import { hostname } from 'node:os'
import { setTimeout as pass } from 'node:timers/promises'
import { type Engine, ensureEngine } from '../engine/engine.ts'
import { ensureImage } from '../images/ensure-image.ts'
import type { ImageOrigin } from '../images/recipe.ts'
import { labels } from '../runs/labels.ts'
import { sweep } from '../runs/sweep.ts'
import { watch } from '../runs/watch.ts'
import type { ServerKind } from './kind.ts'
import { freePort } from './port.ts'

const readyWithinMs = 120_000
const lookEveryMs = 100
const portAttempts = 5

/** The name of this machine inside our containers, the same as Docker Desktop gives it by itself. */
export const hostName = 'host.docker.internal'

/** A server in a container that answers. */
export interface Container {
  readonly engine: Engine
  readonly id: string
  readonly url: string
  readonly version: string
  readonly origin: ImageOrigin
}

/** Starts a server for a run and waits until it answers. */
export async function startContainer(kind: ServerKind, run: string, use: 'shared' | 'own'): Promise<Container> {
  const engine = await ensureEngine()
  await sweep(engine)
  await watch(run)
  const origin = await ensureImage(engine, kind.image, kind.recipe)
  const { id, port } = await create(kind, hostOf(engine), run, use)
  const url = kind.url(hostOf(engine), port)
  return { engine, id, url, origin, version: await untilReady(kind, url) }
}

/** The server's version, once it answers. */
export async function untilReady(kind: ServerKind, url: string): Promise<string> {
  const giveUpAt = performance.now() + readyWithinMs
  for (;;) {
    try {
      return await kind.client.version(url)
    } catch (error) {
      if (performance.now() > giveUpAt) {
        throw new Error(`${kind.name} did not answer within ${readyWithinMs / 1000} s`, { cause: error })
      }
      await pass(lookEveryMs)
    }
  }
}

/** The address under which this machine reaches published ports. */
export function hostOf(engine: Engine): string {
  const { host } = engine.info.containerRuntime
  return host === 'localhost' ? '127.0.0.1' : host
}

/** With a port of our choice, for one that Docker chooses changes when the container is restarted. */
async function create(kind: ServerKind, host: string, run: string, use: string): Promise<{ id: string; port: number }> {
  const { GenericContainer } = await import('testcontainers')
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    const inside = kind.morePorts ?? []
    const more = await Promise.all(inside.map(freePort))
    const container = new GenericContainer(kind.image)
      .withAutoCleanup(false)
      .withEnvironment({ ...kind.environment, ...kind.environmentAt?.(host, port, more) })
      .withCommand([...kind.command])
      .withExtraHosts([{ host: hostName, ipAddress: 'host-gateway' }])
      .withExposedPorts(
        ...[kind.port, ...inside].map((each, index) => ({ container: each, host: [port, ...more][index] ?? port })),
      )
      .withStartupTimeout(readyWithinMs)
      .withLabels({
        [labels.server]: kind.id,
        [labels.run]: run,
        [labels.host]: hostname(),
        [labels.port]: String(port),
        [labels.use]: use,
      })
    try {
      return { id: (await container.start()).getId(), port }
    } catch (error) {
      const isTaken = error instanceof Error && /port is already allocated|address already in use/.test(error.message)
      if (!isTaken || attempt === portAttempts) throw error
    }
  }
}
