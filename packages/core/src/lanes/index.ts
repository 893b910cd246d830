export { laneOf } from './lane-of.ts'
export { type LaneSourceOptions, laneSource } from './lane-source.ts'
export {
  type Hold,
  type LaneRead,
  type LaneReadResult,
  type LaneRow,
  type LaneStore,
  type LaneTransaction,
  laneCount,
  type Position,
  type RelayRecord,
  type RowRef,
  type Suspect,
  type WriterBarrier,
} from './lane-store.ts'
