/** What a decision about the Docker engine rests on. */
export interface HostFacts {
  readonly platform: NodeJS.Platform
  readonly isRoot: boolean
  readonly hasAptGet: boolean
  /** The engine's program is installed, though it does not run. */
  readonly hasDockerd: boolean
  /** An address that somebody chose (DOCKER_HOST); undefined: the usual places. */
  readonly chosenEngine: string | undefined
  /** WAYBILL_NO_INSTALL=1: nothing may be installed or started on this machine. */
  readonly mayInstall: boolean
}

export type EnginePlan =
  | { readonly action: 'start' }
  | { readonly action: 'install-and-start' }
  | { readonly action: 'give-up'; readonly reason: string }

/** Decides what to do when no Docker engine answers. */
export function planEngine(host: HostFacts): EnginePlan {
  const giveUp = (why: string): EnginePlan => ({ action: 'give-up', reason: `no Docker engine answers${why}` })
  if (host.chosenEngine !== undefined) return giveUp(` at ${host.chosenEngine} (DOCKER_HOST)`)
  if (!host.mayInstall) return giveUp(', and WAYBILL_NO_INSTALL=1 forbids to install or start one')
  if (host.platform !== 'linux') return giveUp(': start Docker, or give the URL of a server')
  if (!host.isRoot) return giveUp(' to this user, and only root may install or start one')
  if (host.hasDockerd) return { action: 'start' }
  if (!host.hasAptGet) return giveUp(', and without apt-get we cannot install one')
  return { action: 'install-and-start' }
}
