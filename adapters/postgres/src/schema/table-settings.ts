import type { Tables } from '@waybill/sql'

/**
 * An outbox is emptied as fast as it is filled: dead rows come by the thousand a second, and every claim walks past those
 * that no vacuum has taken away. So vacuum comes early and does not pause. It does not give space back to the operating
 * system, for which it would lock the table, and which the next messages need again.
 */
const churned = [
  'autovacuum_vacuum_threshold = 1000',
  'autovacuum_vacuum_scale_factor = 0.02',
  'autovacuum_vacuum_cost_delay = 0',
  'autovacuum_analyze_scale_factor = 0.1',
  'vacuum_truncate = false',
  'toast.autovacuum_vacuum_scale_factor = 0.02',
  'toast.autovacuum_vacuum_cost_delay = 0',
  'toast.vacuum_truncate = false',
].join(', ')

/** Few rows, changed over and over: with room beside each, no index entry is written and no vacuum needed. */
const roomy = 'fillfactor = 30, autovacuum_vacuum_cost_delay = 0'

/** Written once, and removed by age: vacuum must come before the next prune. */
const pruned = 'autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false'

/** Storage parameters by table. */
export const tableSettings: Readonly<Record<keyof Tables, string>> = {
  messages: churned,
  relays: roomy,
  lanes: roomy,
  holds: churned,
  suspects: churned,
  receipts: pruned,
  inbox_dead_letters: pruned,
  inbox_crashes: churned,
  commands: pruned,
  transitions: 'autovacuum_analyze_scale_factor = 0.1',
  meta: 'fillfactor = 100',
}
