import { type Engine, ensureEngine } from '../engine/engine.ts'
import { labelsOf } from '../images/image-facts.ts'
import { originBy } from '../images/recipe.ts'
import { labels, ours } from '../runs/labels.ts'
import { type Container, hostOf, untilReady } from './container.ts'
import type { ServerKind } from './kind.ts'

/** The container of a kind that some process of the run has started for all. */
export async function findShared(kind: ServerKind, run: string): Promise<Container | undefined> {
  const engine = await ensureEngine()
  const [found] = await list(engine, kind, run)
  if (found === undefined) return undefined
  const url = kind.url(hostOf(engine), Number(found.Labels[labels.port]))
  const imageLabels = (await labelsOf(engine, found.ImageID)) ?? {}
  return {
    engine,
    id: found.Id,
    url,
    origin: originBy(imageLabels, kind.recipe),
    version: await untilReady(kind, url),
  }
}

async function list(engine: Engine, kind: ServerKind, run: string) {
  const wanted = [`${labels.server}=${kind.id}`, `${labels.run}=${run}`, `${labels.use}=shared`]
  return await engine.container.dockerode.listContainers({ filters: ours(wanted) })
}
