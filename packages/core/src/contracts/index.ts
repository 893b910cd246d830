export type {
  ActiveSubscription,
  BrokerConsumer,
  ConsumerCapabilities,
  Delivery,
  DeliverySource,
  Disposition,
  RawDelivery,
  Subscription,
} from './broker-consumer.ts'
export type {
  BrokerPublisher,
  PublisherCapabilities,
  PublishOptions,
  PublishOutcome,
  Readiness,
} from './broker-publisher.ts'
export type { CommandClaim, CommandClaimRequest, CommandKey, CommandStorage } from './command-storage.ts'
export type { CrashMarks } from './crash-marks.ts'
export { type ErrorCode, errorCodes } from './errors/codes.ts'
export { CommandError, type CommandErrorCode } from './errors/command-error.ts'
export { ConfigurationError, type ConfigurationProblem } from './errors/configuration-error.ts'
export { summarizeFailure } from './errors/failure-summary.ts'
export { HandlerError, type HandlerErrorCode, PermanentError } from './errors/handler-error.ts'
export { MessageError, type MessageErrorCode } from './errors/message-error.ts'
export { PublishError, type PublishErrorCode } from './errors/publish-error.ts'
export { SpecificationError } from './errors/specification-error.ts'
export { StorageError, type StorageErrorCode, TransactionError } from './errors/storage-error.ts'
export { TransitionError, type TransitionErrorCode } from './errors/transition-error.ts'
export { WaybillError, type WaybillErrorOptions } from './errors/waybill-error.ts'
export type {
  InboxBurial,
  InboxDeadLetter,
  InboxDeadLetterFilter,
  InboxDeadLetters,
  InboxDeadReason,
  InboxRedriveOptions,
} from './inbox-dead-letters.ts'
export type { InboxStorage, Receipt, ReceiptOutcome } from './inbox-storage.ts'
export { type Message, type OutboxMessage, orderingScope } from './message.ts'
export {
  cloudEventNames,
  escapeHeaderName,
  headerNames,
  type MessageFact,
  messageOf,
  userHeaders,
} from './message-headers.ts'
export type { OperationOptions } from './operation-options.ts'
export type {
  DeadLetter,
  DeadLetterFilter,
  MessageInspection,
  MessageStatus,
  Obstacle,
  OutboxAdmin,
  OutboxCounts,
  OutboxDeadLetters,
  PruneOptions,
} from './outbox-admin.ts'
export type { OutboxStorage } from './outbox-storage.ts'
export type { OutboxWriter } from './outbox-writer.ts'
export type {
  ClaimedMessage,
  ClaimRequest,
  ClaimResult,
  ClaimToken,
  RelaySession,
  RelaySource,
} from './relay-source.ts'
export type { Serializer } from './serializer.ts'
export type { DeadReason, FailureSummary, Settlement, SettleResult } from './settlement.ts'
export type { IsolationLevel, TransactionOptions, TransactionRunner } from './transaction-runner.ts'
export type { RecordedTransition, Transition, TransitionLog, TransitionOutcome } from './transition-log.ts'
export type { WakeupSource } from './wakeup-source.ts'
