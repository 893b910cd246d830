import pg, { type Pool } from 'pg'

/** Transactions, where the server does not count statements. */
export async function statementsOf(
  serverUrl: string,
  database: string,
): Promise<{ readonly count: number; readonly unit: string }> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    const { rows } = await client.query(`show shared_preload_libraries`)
    const counts = String(rows[0]?.shared_preload_libraries).includes('pg_stat_statements')
    if (counts) await client.query('create extension if not exists pg_stat_statements')
    const source = counts
      ? 'select sum(calls) as count from pg_stat_statements where dbid = (select oid from pg_database where datname = $1)'
      : 'select xact_commit + xact_rollback as count from pg_stat_database where datname = $1'
    const result = await client.query<{ count: string | null }>(source, [database])
    return { count: Number(result.rows[0]?.count ?? 0), unit: counts ? 'statements/s' : 'transactions/s' }
  } finally {
    await client.end()
  }
}

const scans = `
  select t.seq_tup_read as sequential, i.idx_tup_read as rows
  from pg_stat_user_tables as t, pg_stat_user_indexes as i
  where t.relname = 'waybill_messages' and i.indexrelname = 'waybill_messages_pending'`

/** Sessions tell what they have done when they end. */
export async function scansOf(pool: Pool): Promise<{ readonly sequential: number; readonly indexRows: number }> {
  const { rows } = await pool.query<{ sequential: string; rows: string }>(scans)
  return { sequential: Number(rows[0]?.sequential ?? 0), indexRows: Number(rows[0]?.rows ?? 0) }
}
