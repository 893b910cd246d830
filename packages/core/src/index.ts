export { type ExponentialOptions, exponential } from './backoff/exponential.ts'
export type { Jitter, RetryPolicy } from './backoff/retry-policy.ts'
export { type ScheduleOptions, schedule } from './backoff/schedule.ts'
export {
  type AnyMessages,
  type Catalogue,
  defineMessages,
  type MessageTypes,
  type TypesOf,
} from './catalogue/define-messages.ts'
export type { MessageDefinition, Upcaster } from './catalogue/message-definition.ts'
export type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  StandardSchema,
} from './catalogue/standard-schema.ts'
export type { CommandCache } from './commands/command-cache.ts'
export { type Command, type CommandResult, Commands, type CommandsEvents } from './commands/commands.ts'
export type { CommandsOptions } from './commands/commands-options.ts'
export type { DeadLetterTopic } from './consumer/bury.ts'
export { Consumer, type ConsumerCallback } from './consumer/consumer.ts'
export type { ConsumerEvents, DeadDelivery } from './consumer/consumer-events.ts'
export type { ConsumerOptions } from './consumer/consumer-options.ts'
export type { ConsumedMessage, Handler, HandlerContext, HandlerOutbox, Middleware } from './consumer/handler.ts'
export {
  CommandError,
  ConfigurationError,
  type ConfigurationProblem,
  type ErrorCode,
  HandlerError,
  type Message,
  MessageError,
  PermanentError,
  PublishError,
  type Serializer,
  SpecificationError,
  StorageError,
  TransactionError,
  TransitionError,
  WaybillError,
} from './contracts/index.ts'
export type { Listener } from './events/typed-events.ts'
export { type GuardOutcome, Inbox, type InboxOptions } from './inbox/inbox.ts'
export type { EnqueueOptions, TraceContext } from './message/enqueue-options.ts'
export { Outbox } from './outbox/outbox.ts'
export type {
  EnqueuedMessage,
  EnqueueItem,
  EnqueueTerms,
  OptionsArgument,
  OutboxEvents,
  OutboxOptions,
  OutboxScope,
  OutboxTarget,
  TransactionArgument,
  WithinOptions,
} from './outbox/outbox-types.ts'
export { type ReconcileCounts, type ReconcileOptions, reconcile } from './reconcile/reconcile.ts'
export type { RelayEvents } from './relay/events.ts'
export type { RelayOptions } from './relay/options.ts'
export { type DrainCounts, Relay, type RelayHealth } from './relay/relay.ts'
export type { Runtime } from './runtime/runtime.ts'
export { type Stoppable, stopOnSignals } from './runtime/stop-on-signals.ts'
export { jsonSerializer } from './serializer/json-serializer.ts'
export type { Environment } from './settings/environment.ts'
export {
  type Move,
  type Moves,
  type TransitionRequest,
  Transitions,
  type TransitionsOptions,
} from './transitions/transitions.ts'
