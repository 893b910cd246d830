import { StorageError } from '@waybill/core/contracts'
import { laneCount } from '@waybill/core/lanes'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { schemaVersion } from './migrations.ts'

/**
 * Refuses a schema that does not fit this build.
 *
 * @param remedy - What to do about tables that are missing or too old.
 * @throws {@link StorageError} `SCHEMA_STALE`, `SCHEMA_TOO_NEW`.
 */
export async function checkSchema(context: SqlContext, executor: SqlExecutor, remedy: string): Promise<void> {
  const { rows } = await executor.execute(context.builder.selectFrom(context.table.meta).selectAll().compile())
  const facts = new Map(rows.map((row) => [row.name, row.value]))
  const found = facts.get('schema_version') ?? 0
  const oldest = facts.get('oldest_build') ?? 0
  if (found < schemaVersion) {
    throw new StorageError(
      'SCHEMA_STALE',
      `The tables have schema ${found}, this build needs ${schemaVersion}: ${remedy}`,
    )
  }
  if (oldest > schemaVersion) {
    const detail = `schema ${found} serves builds for schema ${oldest} or later, this one is for ${schemaVersion}`
    throw new StorageError('SCHEMA_TOO_NEW', `The tables are too new for this build (${detail}): upgrade Waybill`)
  }
  if (facts.get('lane_count') !== laneCount) {
    const lanes = facts.get('lane_count')
    throw new StorageError(
      'STORAGE_UNSUPPORTED',
      `The tables were made for ${lanes} lanes, this build has ${laneCount}`,
    )
  }
}
