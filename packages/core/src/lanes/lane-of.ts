import { laneCount } from './lane-store.ts'

/**
 * Lane of an ordering key, for stores that compute it in the process: FNV-1a over UTF-16 units. A SQL store computes its
 * own function in the table's definition instead, so that a plain INSERT of another program is enough.
 */
export function laneOf(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  return (hash ^ (hash >>> 15)) & (laneCount - 1)
}
