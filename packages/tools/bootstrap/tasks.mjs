const fromSources = '--conditions=@waybill/source'

/**
 * What each root script runs with the pinned Node; the rest of the command line is passed on.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const tasks = {
  start: [fromSources, 'examples/01-quickstart/src/main.ts'],
  test: ['packages/tools/src/test/main.ts'],
  check: ['packages/tools/src/test/main.ts', '--only', 'lint,types,knip,skeleton,generated'],
  build: ['packages/tools/src/build/main.ts'],
  fix: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write'],
  bench: [fromSources, 'packages/benchmarks/src/main.ts'],
  conformance: [fromSources, 'packages/tools/src/conformance/main.ts'],
  crash: [fromSources, '--no-warnings', 'packages/crash/src/main.ts'],
  release: [fromSources, 'packages/tools/src/release/main.ts'],
  simulate: [fromSources, 'packages/simulation/src/main.ts'],
  mutants: [fromSources, 'packages/simulation/src/mutants.ts'],
  'docs:build': [fromSources, 'docs/site/main.ts', 'build'],
  'docs:check': [fromSources, 'docs/site/main.ts', 'check'],
  'docs:dev': [fromSources, 'docs/site/main.ts', 'dev'],
  'docs:results': [fromSources, 'packages/tools/src/results/main.ts'],
  'docs:spec': [fromSources, 'conformance/src/spec/generate.ts'],
}
