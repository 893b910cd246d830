import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it, vi } from 'vitest'
import { type Engine, ensureEngine } from '../../src/containers/engine/engine.ts'
import { onServer, startPostgres } from '../../src/containers/index.ts'
import { labels } from '../../src/containers/runs/labels.ts'
import { removeContainer, sweep } from '../../src/containers/runs/sweep.ts'

const program = fileURLToPath(new URL('start-and-wait.ts', import.meta.url))
const patience = { timeout: 20_000, interval: 200 }

/** The containers with a label, in whatever state. */
async function containersOf(engine: Engine, label: string): Promise<readonly string[]> {
  const found = await engine.container.dockerode.listContainers({ all: true, filters: { label: [label] } })
  return found.map((one) => one.Id)
}

/** Makes a container that never starts, with labels. */
async function createIdle(engine: Engine, marks: Readonly<Record<string, string>>): Promise<string> {
  const container = await engine.container.dockerode.createContainer({ Image: 'postgres:17', Labels: { ...marks } })
  return container.id
}

// Only for its image, and to know that there is an engine.
const server = await startPostgres()

onServer(server, { it }, (own) => {
  afterAll(() => own.stop())

  it('removes the containers of a process that is killed', { timeout: 60_000 }, async () => {
    const engine = await ensureEngine()
    const { WAYBILL_TEST_RUN: _, ...env } = process.env
    const child = spawn(process.execPath, ['--conditions=@waybill/source', program], { env, stdio: 'pipe' })
    const ended = once(child, 'exit')
    const [run] = (await once(createInterface(child.stdout), 'line')) as [string]
    expect(await containersOf(engine, `${labels.run}=${run}`)).toHaveLength(1)
    child.kill('SIGKILL')
    await ended
    await vi.waitFor(async () => expect(await containersOf(engine, `${labels.run}=${run}`)).toHaveLength(0), patience)
  })

  it('sweeps what ended runs have left, and touches nothing else', async () => {
    const engine = await ensureEngine()
    const dead = {
      [labels.server]: 'postgres',
      [labels.port]: '1',
      [labels.use]: 'own',
      [labels.run]: '999999999.1.dead',
    }
    const left = await createIdle(engine, { ...dead, [labels.host]: hostname() })
    const ofAnotherMachine = await createIdle(engine, { ...dead, [labels.host]: 'another machine' })
    const somebodyElses = await createIdle(engine, { [labels.run]: '999999999.1.dead' })
    await sweep(engine)
    try {
      expect(await containersOf(engine, `${labels.run}=999999999.1.dead`)).toEqual(
        expect.arrayContaining([ofAnotherMachine, somebodyElses]),
      )
      expect(await containersOf(engine, `${labels.run}=999999999.1.dead`)).not.toContain(left)
    } finally {
      await removeContainer(engine, ofAnotherMachine)
      await removeContainer(engine, somebodyElses)
    }
  })
})
