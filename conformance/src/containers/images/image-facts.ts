import type { Engine } from '../engine/engine.ts'

/** The labels of an image; undefined if the engine does not hold it. */
export async function labelsOf(engine: Engine, name: string): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const { Config } = await engine.container.dockerode.getImage(name).inspect()
    return Config.Labels ?? {}
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return undefined
    throw error
  }
}
