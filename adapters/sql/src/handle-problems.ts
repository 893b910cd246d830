import type { ConfigurationProblem } from '@waybill/core/contracts'

/** What a driver calls a pool, and what tells it from other things. */
export interface PoolKind {
  /** For people, with its article. */
  readonly name: string
  readonly methods: readonly string[]
}

/** What is wrong with where the application's database is. The types say the same, to those who use them. */
export function handleProblems(
  { pool, db }: { readonly pool?: unknown; readonly db?: unknown },
  kind: PoolKind,
): readonly ConfigurationProblem[] {
  const has = (value: unknown, methods: readonly string[]) =>
    value === undefined || methods.every((method) => typeof Object(value)[method] === 'function')
  if (pool === undefined && db === undefined) {
    return [{ option: 'pool', value: undefined, rule: `must be ${kind.name}, or \`db\` a Kysely instance` }]
  }
  // Not shown: it may hold a password.
  const problem = (option: string, rule: string) => ({ option, value: '[hidden]', rule })
  return [
    ...(has(pool, kind.methods) ? [] : [problem('pool', `must be ${kind.name}`)]),
    ...(has(db, ['executeQuery']) ? [] : [problem('db', 'must be a Kysely instance')]),
  ]
}
