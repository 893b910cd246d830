import { describe, expect, it } from 'vitest'
import { type EnginePlan, type HostFacts, planEngine } from './plan.ts'

const debian: HostFacts = {
  platform: 'linux',
  isRoot: true,
  hasAptGet: true,
  hasDockerd: false,
  chosenEngine: undefined,
  mayInstall: true,
}

describe('planEngine', () => {
  it.each<[string, Partial<HostFacts>, EnginePlan['action'], RegExp?]>([
    ['installs on a Debian-like machine as root', {}, 'install-and-start'],
    ['starts what is installed', { hasDockerd: true }, 'start'],
    ['starts what is installed without apt-get', { hasDockerd: true, hasAptGet: false }, 'start'],
    ['touches nothing when told so', { mayInstall: false }, 'give-up', /WAYBILL_NO_INSTALL=1/],
    ['starts nothing when told so', { mayInstall: false, hasDockerd: true }, 'give-up', /WAYBILL_NO_INSTALL=1/],
    ['respects an address that was chosen', { chosenEngine: 'tcp://build:2375' }, 'give-up', /tcp:\/\/build:2375/],
    ['asks people with another system to start Docker', { platform: 'darwin' }, 'give-up', /start Docker/],
    ['needs root', { isRoot: false }, 'give-up', /only root/],
    ['needs apt-get', { hasAptGet: false }, 'give-up', /apt-get/],
  ])('%s', (_, change, action, reason) => {
    const plan = planEngine({ ...debian, ...change })
    expect(plan.action).toBe(action)
    if (plan.action === 'give-up') expect(plan.reason).toMatch(reason ?? /$^/)
  })
})
