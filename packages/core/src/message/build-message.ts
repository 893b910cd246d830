import type { OutboxMessage } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { uuidv7 } from '../runtime/uuid-v7.ts'
import type { EnqueueOptions, TraceContext } from './enqueue-options.ts'
import { requireSize } from './require-size.ts'
import { validateMessage } from './validate-message.ts'

/** A message whose payload has been serialised. */
export interface MessageDraft
  extends Omit<EnqueueOptions, 'lockKey' | 'orderingKey' | 'aggregateType' | 'aggregateId'> {
  readonly orderingKey?: string | undefined
  readonly aggregateType?: string | undefined
  readonly aggregateId?: string | undefined
  readonly type: string
  readonly topic: string
  readonly payload: Uint8Array
  readonly contentType: string
  readonly schemaVersion: number
}

/** What all messages of one outbox have in common. */
export interface MessageTerms {
  readonly runtime: Runtime
  readonly maxMessageBytes: number
  readonly traceContext: (() => TraceContext | undefined) | undefined
}

/** @throws `MessageError` `INVALID_MESSAGE`, `PAYLOAD_TOO_LARGE`. */
export function buildMessage(draft: MessageDraft, terms: MessageTerms): OutboxMessage {
  const { id, headers, availableAt, expiresAt, ...rest } = draft
  const message: OutboxMessage = withoutUndefined({
    ...rest,
    id: id ?? uuidv7(terms.runtime),
    headers: { ...headers },
    orderingKey: draft.orderingKey ?? aggregateKey(draft),
    availableAt: milliseconds(availableAt),
    expiresAt: milliseconds(expiresAt),
    createdAt: Math.floor(terms.runtime.wallNow()),
    ...validTraceContext(terms.traceContext?.()),
  })
  validateMessage(message)
  requireSize(message, terms.maxMessageBytes)
  return message
}

function aggregateKey({ aggregateType, aggregateId }: MessageDraft): string | undefined {
  return aggregateType === undefined || aggregateId === undefined ? undefined : `${aggregateType}:${aggregateId}`
}

function milliseconds(time: Date | number | undefined): number | undefined {
  return time instanceof Date ? time.getTime() : time
}

/** A context that is not W3C's is discarded, as its recommendation asks: tracing must not fail a business transaction. */
function validTraceContext(context: TraceContext | undefined): Partial<TraceContext> {
  if (context === undefined || !/^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(context.traceparent)) return {}
  const { traceparent, tracestate } = context
  return tracestate !== undefined && /^[ -~]{1,512}$/.test(tracestate) ? { traceparent, tracestate } : { traceparent }
}

type Defined<T> = { [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name] } & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>
}

function withoutUndefined<T extends object>(object: T): Defined<T> {
  const defined: Partial<T> = {}
  for (const name of Object.keys(object) as (keyof T)[]) {
    if (object[name] !== undefined) defined[name] = object[name]
  }
  return defined as T as Defined<T>
}
