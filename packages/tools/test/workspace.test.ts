import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { missingFrom } from '../src/test/stages/skeleton.ts'
import { inDependencyOrder, publishedPackages, type WorkspacePackage } from '../src/workspace.ts'

function withNeeds(name: string, ...needs: readonly string[]): WorkspacePackage {
  const peerDependencies = Object.fromEntries(needs.map((needed) => [needed, '*']))
  return { folder: name, manifest: { name, engines: { node: '>=22.12' }, peerDependencies } }
}

/** An adapter's folder that holds the given files. */
function adapterWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'waybill-skeleton-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'adapters/one', file)), { recursive: true })
    writeFileSync(join(root, 'adapters/one', file), text)
  }
  return root
}

const complete = {
  'README.md': '',
  'package.json': '{"exports":{".":"./dist/index.js"}}',
  'tsconfig.json': '{}',
  'src/index.ts': '',
  'test/conformance.test.ts': '',
}

describe('inDependencyOrder', () => {
  it('puts every package after those it needs', () => {
    const packages = [withNeeds('sqlite', 'sql', 'core'), withNeeds('sql', 'core'), withNeeds('core')]
    expect(inDependencyOrder(packages).map(({ folder }) => folder)).toEqual(['core', 'sql', 'sqlite'])
  })
})

describe('publishedPackages', () => {
  it('starts with core and leaves private packages out', () => {
    const names = publishedPackages().map(({ manifest }) => manifest.name)
    expect(names[0]).toBe('@waybill/core')
    expect(names).not.toContain('@waybill/tools')
  })
})

describe('missingFrom', () => {
  it('finds nothing missing in a complete adapter', () => {
    expect(missingFrom('adapters/one', adapterWith(complete))).toEqual([])
  })

  it.each(Object.keys(complete))('misses %s', (file) => {
    const { [file as keyof typeof complete]: _left, ...rest } = complete
    expect(missingFrom('adapters/one', adapterWith(rest))).toEqual([file])
  })

  it('misses the export of the package itself', () => {
    const root = adapterWith({ ...complete, 'package.json': '{"exports":{}}' })
    expect(missingFrom('adapters/one', root)).toEqual(['package.json: exports["."]'])
  })
})
