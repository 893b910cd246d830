import type { Engine } from '../engine/engine.ts'
import { say } from '../progress.ts'

/** Without a sign of life for so long, no registry answers. */
const silenceMs = 30_000

/** Pulls an image; answers why that failed, or undefined if it went well. */
export async function pullImage(engine: Engine, image: string): Promise<string | undefined> {
  say(`pulling ${image} (once)`)
  const { dockerode } = engine.container
  const abort = new AbortController()
  const giveUp = (): void => abort.abort(new Error(`no registry answered within ${silenceMs / 1000} s`))
  let timer = setTimeout(giveUp, silenceMs)
  const alive = (): void => {
    clearTimeout(timer)
    timer = setTimeout(giveUp, silenceMs)
  }
  try {
    const stream = await dockerode.pull(image, { abortSignal: abort.signal })
    return await new Promise((resolve) => {
      const done = (error: Error | null): void => resolve(error?.message)
      dockerode.modem.followProgress(stream, done, alive)
    })
  } catch (error) {
    const cause = abort.signal.aborted ? abort.signal.reason : error
    return (cause instanceof Error ? cause.message : String(cause)).trim()
  } finally {
    clearTimeout(timer)
  }
}
