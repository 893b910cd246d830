import type { ContainerRuntimeClient } from 'testcontainers'
import { exclusively } from '../lock.ts'
import { say } from '../progress.ts'
import { failingOnce } from '../runs/failures.ts'
import { ServerUnavailableError } from '../unavailable.ts'
import { startDaemon } from './daemon.ts'
import { hostFacts } from './host.ts'
import { installPackages } from './packages.ts'
import { planEngine } from './plan.ts'

/** A Docker engine as testcontainers sees it. */
export type Engine = ContainerRuntimeClient

/**
 * Finds the Docker engine that testcontainers would use and, where none answers and the machine allows it, installs and
 * starts one, saying so first. Throws ServerUnavailableError with the reason where that cannot be.
 */
export async function ensureEngine(): Promise<Engine> {
  const found = await findEngine()
  if (found !== undefined) return found
  return await exclusively('engine', () =>
    failingOnce('engine', async () => (await findEngine()) ?? (await makeEngine())),
  )
}

/** The engine that answers, if one does. */
export async function findEngine(): Promise<Engine | undefined> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  try {
    return await getContainerRuntimeClient()
  } catch {
    return undefined
  }
}

async function makeEngine(): Promise<Engine> {
  const plan = planEngine(hostFacts())
  if (plan.action === 'give-up') throw new ServerUnavailableError(plan.reason)
  if (plan.action === 'install-and-start') {
    say('no Docker engine answers: installing docker.io and iptables with apt-get (WAYBILL_NO_INSTALL=1 refuses)')
    await installPackages(['docker.io', 'iptables'])
  }
  say('starting the Docker engine (dockerd); it is left running')
  await startDaemon(async () => (await findEngine()) !== undefined)
  const engine = await findEngine()
  if (engine === undefined) throw new ServerUnavailableError('the Docker engine answered once, and no longer')
  return engine
}
