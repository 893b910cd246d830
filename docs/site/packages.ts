/** An entry point whose API is shown, with the name that users import. */
export interface EntryPoint {
  readonly name: string
  readonly file: string
}

export const entryPoints: readonly EntryPoint[] = [
  { name: '@waybill/core', file: 'packages/core/src/index.ts' },
  { name: '@waybill/core/contracts', file: 'packages/core/src/contracts/index.ts' },
  { name: '@waybill/core/lanes', file: 'packages/core/src/lanes/index.ts' },
  { name: '@waybill/postgres', file: 'adapters/postgres/src/index.ts' },
  { name: '@waybill/mysql', file: 'adapters/mysql/src/index.ts' },
  { name: '@waybill/sqlite', file: 'adapters/sqlite/src/index.ts' },
  { name: '@waybill/kafka', file: 'adapters/kafka/src/index.ts' },
  { name: '@waybill/rabbitmq', file: 'adapters/rabbitmq/src/index.ts' },
  { name: '@waybill/redis-streams', file: 'adapters/redis-streams/src/index.ts' },
  { name: '@waybill/memory', file: 'adapters/memory/src/index.ts' },
  { name: '@waybill/conformance', file: 'conformance/src/index.ts' },
]

/** The page of an entry point in the API reference: `core`, `core-contracts`. */
export function apiPage({ name }: EntryPoint): string {
  return `reference/api/${name.replace('@waybill/', '').replace('/', '-')}.md`
}
