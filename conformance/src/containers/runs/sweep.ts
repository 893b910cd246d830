import type { Engine } from '../engine/engine.ts'
import { labels, ours } from './labels.ts'
import { isAlive } from './run.ts'

/** Removes our containers of this machine whose run has ended, however it ended; answers how many. */
export async function sweep(engine: Engine): Promise<number> {
  return await removeWhere(engine, (run) => !isAlive(run))
}

/** Removes the containers of one run; answers how many. */
export async function removeRun(engine: Engine, run: string): Promise<number> {
  return await removeWhere(engine, (other) => other === run)
}

async function removeWhere(engine: Engine, isWanted: (run: string) => boolean): Promise<number> {
  const all = await engine.container.dockerode.listContainers({ all: true, filters: ours() })
  const wanted = all.filter((one) => isWanted(one.Labels[labels.run] ?? ''))
  await Promise.all(wanted.map((one) => removeContainer(engine, one.Id)))
  return wanted.length
}

/** Removes a container, in whatever state, with its data; one that is gone, or on its way, is well. */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  try {
    await engine.container.dockerode.getContainer(id).remove({ force: true, v: true })
  } catch (error) {
    const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
    if (status !== 404 && status !== 409) throw error
  }
}
