import { StorageError } from '@waybill/core/contracts'
import { onlyRow, type SqlContext, type SqlDatabase } from '@waybill/sql'
import { sql } from 'kysely'
import type { WriterWatch } from './writers.ts'

/** MySQL 8.0.17 has the collation that compares bytes; MariaDB 10.6 has SKIP LOCKED and JSON_TABLE. */
const oldest = { MySQL: [8, 0, 17], MariaDB: [10, 6, 0] } as const

type Product = keyof typeof oldest

/** What opens the view of locks for a relay, to be said by somebody who may. */
const remedies: Readonly<Record<Product, string>> = {
  MySQL: "GRANT SELECT ON performance_schema.metadata_locks TO the relay's account",
  MariaDB: "INSTALL SONAME 'metadata_lock_info'",
}

interface Facts {
  readonly version: string
  readonly engine: string | null
  readonly unsafe: number
  readonly flush: number
  readonly escapes: number
}

/**
 * Looks at the server before a relay starts. What weakens or slows it down is said once.
 *
 * @throws {@link StorageError} `STORAGE_UNSUPPORTED` for what would lose or reorder messages without a word.
 */
export function serverCheck(context: SqlContext, writers: WriterWatch): (database: SqlDatabase) => Promise<void> {
  const said = new Set<string>()
  const warn = (code: string, text: string) => {
    if (!said.has(code)) process.emitWarning(text, { code })
    said.add(code)
  }
  return async (database) => {
    const facts = onlyRow((await database.execute(factsQuery(context))).rows)
    const product: Product = /mariadb/i.test(facts.version) ? 'MariaDB' : 'MySQL'
    const reason = reasonToRefuse(facts, product)
    if (reason !== undefined) throw new StorageError('STORAGE_UNSUPPORTED', reason)
    if (!(await countsFoundRows(context, database))) {
      const consequence = 'a renewal that changes nothing would be taken for a lost lease'
      throw new StorageError('STORAGE_UNSUPPORTED', `The driver's flag FOUND_ROWS is switched off, and ${consequence}`)
    }
    if (facts.flush !== 1) {
      const text = `innodb_flush_log_at_trx_commit is ${facts.flush}: a crash of the server may undo commits that have been published`
      warn('WAYBILL_NOT_DURABLE', text)
    }
    if (!(await writers.find())) {
      const text = `The relay cannot see who is writing to the outbox, so that it looks for pending messages from the first position each time, which is slower: ${remedies[product]}`
      warn('WAYBILL_NO_FLOOR', text)
    }
  }
}

/** What would lose or reorder messages without a word. */
function reasonToRefuse({ version, engine, unsafe, escapes }: Facts, product: Product): string | undefined {
  const least = oldest[product]
  if (isOlder(version, least))
    return `${product} ${least.join('.')} is the oldest that relays run on, and this is ${version}`
  if (engine !== 'InnoDB') return `The tables are kept by ${engine}, which has no transactions: they need InnoDB`
  if (unsafe === 1) return 'Positions have grown beyond 2^53 - 1, the last that JavaScript counts exactly'
  if (escapes === 0) return 'The driver escapes with backslashes, and sql_mode has NO_BACKSLASH_ESCAPES'
  return undefined
}

function factsQuery({ builder, table }: SqlContext) {
  return sql<Facts>`select version() as version, @@global.innodb_flush_log_at_trx_commit as flush,
    locate('NO_BACKSLASH_ESCAPES', @@sql_mode) = 0 as escapes,
    (select engine from information_schema.tables
      where table_schema = database() and table_name = ${sql.lit(table.messages)}) as engine,
    coalesce((select max(position) from ${sql.table(table.messages)}), 0) > ${sql.lit(Number.MAX_SAFE_INTEGER)} as unsafe
  `.compile(builder)
}

async function countsFoundRows({ builder, table }: SqlContext, database: SqlDatabase): Promise<boolean> {
  const same = builder
    .updateTable(table.meta)
    .set({ value: sql.ref('value') })
    .where('name', '=', 'lane_count')
  return (await database.execute(same.compile())).affected === 1
}

function isOlder(version: string, oldest: readonly number[]): boolean {
  const numbers = (/\d+\.\d+\.\d+/.exec(version)?.[0] ?? '0').split('.').map(Number)
  const different = oldest.findIndex((number, index) => numbers[index] !== number)
  return different !== -1 && (numbers[different] ?? 0) < (oldest[different] ?? 0)
}
