import { globSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

// Packages import each other by name; inside the workspace that means sources. The rest are Vite's own server conditions.
const conditions = ['@waybill/source', 'module', 'node', 'development|production']
/** Tests on real servers take minutes, and may have to prepare for some more: they can be left out. */
const onServers = process.env['WAYBILL_TEST_SERVERS'] !== '0'
const needServers = onServers
  ? []
  : ['adapters/kafka', 'adapters/mysql', 'adapters/postgres', 'adapters/rabbitmq', 'adapters/redis-streams']
const packages = globSync('{packages/*,adapters/*,conformance,docs,examples/*}/package.json')
  .map(dirname)
  .filter((root) => !needServers.includes(root))
  .toSorted()

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Members of a broker's group that are killed are missed after their session; a test that hangs is rare, a busy machine is not.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, the default, is little for a server on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    // Most tests wait, for servers, timers and other processes: more of them at once than there are processors.
    maxWorkers: 4,
    // A shared machine of a CI can stand still for seconds. A test that passes only the second time is named in the
    // summary; a rule of the conformance suite that does so has failed (totals-reporter).
    retry: process.env['CI'] === undefined ? 0 : 1,
    // Test files that need a server share one; only those that ask for it start it.
    globalSetup: onServers
      ? [fileURLToPath(new URL('conformance/src/containers/global-setup.ts', import.meta.url))]
      : [],
    projects: packages.map((root) => ({
      extends: true as const,
      root,
      test: {
        name: basename(root),
        include: ['{src,test}/**/*.test.ts'],
        exclude: onServers ? [] : ['test/containers/**'],
      },
    })),
  },
})

export default config
