export type { RelayEvents } from './relay/events.ts'
export type { RelayOptions } from './relay/options.ts'
export { type DrainCounts, Relay, type RelayHealth } from './relay/relay.ts'
