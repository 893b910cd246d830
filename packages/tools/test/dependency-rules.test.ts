import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { localBinary, workspaceRoot } from '../src/workspace.ts'

/** Each line: a file, what it imports, and whether the dependency rules in biome.json allow that. */
const cases: readonly (readonly [file: string, specifier: string, verdict: 'allowed' | 'refused'])[] = [
  ['packages/core/src/contracts/message.ts', './identifiers.ts', 'allowed'],
  ['packages/core/src/contracts/message.ts', '../lifecycle/lifecycle.ts', 'refused'],
  ['packages/core/src/contracts/message.ts', 'node:crypto', 'refused'],
  ['packages/core/src/contracts/errors/storage-error.ts', '../message.ts', 'allowed'],
  ['packages/core/src/contracts/errors/storage-error.ts', '../../backoff/jitter.ts', 'refused'],
  ['packages/core/src/contracts/errors/storage-error.ts', 'node:util', 'refused'],
  ['packages/core/src/contracts/message.test.ts', '../lifecycle/lifecycle.ts', 'allowed'],
  ...['lifecycle', 'backoff', 'lanes'].flatMap((folder) => [
    [`packages/core/src/${folder}/one.ts`, './two.ts', 'allowed'] as const,
    [`packages/core/src/${folder}/one.ts`, '../contracts/message.ts', 'allowed'] as const,
    [`packages/core/src/${folder}/one.ts`, '../relay/relay.ts', 'refused'] as const,
    [`packages/core/src/${folder}/one.ts`, '../runtime/clock.ts', 'refused'] as const,
    [`packages/core/src/${folder}/one.ts`, 'node:timers', 'refused'] as const,
    [`packages/core/src/${folder}/deep/one.ts`, '../two.ts', 'allowed'] as const,
    [`packages/core/src/${folder}/deep/one.ts`, '../../contracts/message.ts', 'allowed'] as const,
    [`packages/core/src/${folder}/deep/one.ts`, '../../relay/relay.ts', 'refused'] as const,
    [`packages/core/src/${folder}/deep/one.ts`, 'node:timers', 'refused'] as const,
  ]),
  ['packages/core/src/relay/relay.ts', '../runtime/clock.ts', 'allowed'],
  ['packages/core/src/relay/relay.ts', 'node:timers/promises', 'refused'],
  ['packages/core/src/relay/relay.ts', '@waybill/memory', 'refused'],
  ['packages/core/src/runtime/clock.ts', 'node:timers/promises', 'allowed'],
  ['packages/core/src/relay/relay.test.ts', 'node:timers/promises', 'allowed'],
  ...['memory', 'sql', 'sqlite', 'postgres', 'mysql', 'kafka', 'rabbitmq', 'redis-streams'].flatMap((adapter) => [
    [`adapters/${adapter}/src/storage.ts`, '@waybill/core/contracts', 'allowed'] as const,
    [`adapters/${adapter}/src/storage.ts`, '@waybill/core/lanes', 'allowed'] as const,
    [`adapters/${adapter}/src/storage.ts`, '@waybill/core', 'refused'] as const,
    [`adapters/${adapter}/src/storage.ts`, '@waybill/conformance', 'refused'] as const,
    [`adapters/${adapter}/src/deep/storage.ts`, '../../../other/src/index.ts', 'refused'] as const,
    [`adapters/${adapter}/src/storage.test.ts`, '@waybill/core', 'allowed'] as const,
    [`adapters/${adapter}/test/conformance.test.ts`, '@waybill/conformance', 'allowed'] as const,
  ]),
  ['adapters/sqlite/src/storage.ts', '@waybill/sql', 'allowed'],
  ['adapters/postgres/src/storage.ts', '@waybill/sql', 'allowed'],
  ['adapters/mysql/src/storage.ts', '@waybill/sql', 'allowed'],
  ['adapters/sqlite/src/storage.ts', '@waybill/memory', 'refused'],
  ['adapters/kafka/src/publisher.ts', '@waybill/sql', 'refused'],
  ['adapters/memory/src/storage.ts', '@waybill/sql', 'refused'],
  ['adapters/sql/src/storage.ts', '@waybill/sqlite', 'refused'],
  ['conformance/src/storage/claim.rules.ts', '@waybill/core/contracts', 'allowed'],
  ['conformance/src/storage/claim.rules.ts', '@waybill/core', 'refused'],
  ['conformance/src/storage/claim.rules.ts', '@waybill/memory', 'refused'],
  ['conformance/src/relay/retry.rules.ts', '@waybill/core', 'allowed'],
  ['conformance/src/relay/retry.rules.ts', '@waybill/memory', 'refused'],
  ['conformance/test/self.test.ts', '@waybill/memory', 'allowed'],
  ['packages/core/src/outbox/outbox.ts', '../../../../examples/01-quickstart/src/main.ts', 'refused'],
  ['packages/benchmarks/src/main.ts', '@waybill/example-quickstart', 'refused'],
  ['conformance/test/self.test.ts', '@waybill/example-quickstart', 'refused'],
  ['adapters/memory/test/conformance.test.ts', '../../../examples/01-quickstart/src/main.ts', 'refused'],
]

interface Diagnostic {
  readonly location: { readonly path: string }
}

/** Writes every case into an empty workspace with our biome.json and lets the linter judge all of them in one run. */
async function refusedFiles(): Promise<ReadonlySet<string>> {
  const root = await mkdtemp(join(tmpdir(), 'waybill-rules-'))
  try {
    await copyFile(join(workspaceRoot, 'biome.json'), join(root, 'biome.json'))
    await Promise.all(
      cases.map(async ([file, specifier], index) => {
        const path = join(root, caseFile(file, index))
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, `import { thing } from '${specifier}'\n\nexport const other: unknown = thing\n`)
      }),
    )
    const lint = [
      'lint',
      '--only=style/noRestrictedImports',
      '--vcs-enabled=false',
      '--reporter=json',
      '--max-diagnostics=none',
      '.',
    ]
    const report = await new Promise<string>((resolve) => {
      execFile(localBinary('biome'), lint, { cwd: root, maxBuffer: 2 ** 26 }, (_failure, stdout) => resolve(stdout))
    })
    const { diagnostics } = JSON.parse(report) as { diagnostics: readonly Diagnostic[] }
    return new Set(diagnostics.map((diagnostic) => diagnostic.location.path))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** One file holds one import, so the case's number goes into the file name; the folder and the ending stay. */
function caseFile(file: string, index: number): string {
  return file.replace(/([^/]+?)((?:\.test)?\.ts)$/, `$1-${index}$2`)
}

describe('dependency rules', async () => {
  const refused = await refusedFiles()
  for (const [index, [file, specifier, verdict]] of cases.entries()) {
    it(`${file} importing ${specifier} is ${verdict}`, () => {
      expect(refused.has(caseFile(file, index)) ? 'refused' : 'allowed').toBe(verdict)
    })
  }
})
