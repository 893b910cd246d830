import { describe, expect, it } from 'vitest'
import type { HostFacts } from '../engine/plan.ts'
import { reasonAgainstStandIns } from './stand-in.ts'

const debian: HostFacts = {
  platform: 'linux',
  isRoot: true,
  hasAptGet: true,
  hasDockerd: true,
  chosenEngine: undefined,
  mayInstall: true,
}

describe('reasonAgainstStandIns', () => {
  it.each<[string, Partial<HostFacts>, boolean, RegExp | undefined]>([
    ['builds as root on a Debian-like machine', {}, false, undefined],
    ['builds where nothing may be installed but nothing is missing', { mayInstall: false }, true, undefined],
    ['does not install debootstrap when told so', { mayInstall: false }, false, /WAYBILL_NO_INSTALL=1/],
    ['needs root', { isRoot: false }, true, /root/],
    ['needs apt-get', { hasAptGet: false }, true, /Debian-like/],
    ['needs Linux', { platform: 'darwin' }, true, /Debian-like/],
  ])('%s', (_, change, hasDebootstrap, reason) => {
    const found = reasonAgainstStandIns({ ...debian, ...change }, hasDebootstrap)
    if (reason === undefined) expect(found).toBeUndefined()
    else expect(found).toMatch(reason)
  })
})
