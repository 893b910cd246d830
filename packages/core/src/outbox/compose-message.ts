import { definitionOf } from '../catalogue/decode-payload.ts'
import type { Catalogue, MessageTypes } from '../catalogue/define-messages.ts'
import type { MessageDefinition } from '../catalogue/message-definition.ts'
import { validatePayload } from '../catalogue/validate-payload.ts'
import {
  ConfigurationError,
  MessageError,
  type MessageErrorCode,
  type OutboxMessage,
  type Serializer,
} from '../contracts/index.ts'
import { buildMessage, type MessageTerms } from '../message/build-message.ts'
import type { EnqueueOptions } from '../message/enqueue-options.ts'

/** What an outbox makes messages with. */
export interface Composer extends MessageTerms {
  readonly messages: Catalogue<MessageTypes> | undefined
  readonly serializer: Serializer
  /** What a message has of the one that caused it, unless its own options say otherwise. */
  readonly inherited?: Pick<EnqueueOptions, 'correlationId' | 'causationId'>
}

export interface EnqueueRequest {
  readonly type: string
  readonly payload: unknown
  readonly options: EnqueueOptions
}

/** A message, and what its writing needs beside it. */
export interface ComposedMessage {
  readonly message: OutboxMessage
  readonly lockKey: boolean | undefined
}

/** @throws {@link MessageError} with the reason and the path, before anything is written. */
export async function composeMessage(composer: Composer, request: EnqueueRequest): Promise<OutboxMessage> {
  const begun = begin(composer, request)
  return finish(composer, request, { ...begun, output: await begun.output })
}

/** As {@link composeMessage}, for a list; the error says which of them is refused. */
export async function composeMessages(
  composer: Composer,
  items: readonly (EnqueueOptions & { readonly type: PropertyKey; readonly payload: unknown })[],
): Promise<readonly ComposedMessage[]> {
  const composed: ComposedMessage[] = []
  for (const [index, { type, payload, ...options }] of items.entries()) {
    try {
      const message = await composeMessage(composer, { type: String(type), payload, options })
      composed.push({ message, lockKey: options.lockKey })
    } catch (error) {
      throw error instanceof MessageError ? atIndex(index, error) : error
    }
  }
  return composed
}

function atIndex(index: number, error: MessageError): MessageError {
  const place = `messages[${index}]`
  const path = error.path === undefined ? place : `${place}.${error.path}`
  // A MessageError has no other codes than its constructor takes.
  return new MessageError(error.code as MessageErrorCode, `${place}: ${error.message}`, { path, cause: error })
}

/** As {@link composeMessage}. @throws `ConfigurationError` if the schema is asynchronous. */
export function composeMessageSync(composer: Composer, request: EnqueueRequest): OutboxMessage {
  const begun = begin(composer, request)
  if (!(begun.output instanceof Promise)) return finish(composer, request, begun)
  begun.output.catch(() => undefined)
  const rule = 'must be synchronous for enqueueSync: an awaited insert would come after the commit'
  const option = `messages['${request.type}'].schema`
  throw new ConfigurationError('Outbox.enqueueSync', [{ option, value: begun.definition?.schema, rule }])
}

interface Begun {
  readonly definition: MessageDefinition | undefined
  readonly payload: Uint8Array
  /** Of the schema, or a promise of it. */
  readonly output: unknown
}

function begin({ messages, serializer }: Composer, { type, payload }: EnqueueRequest): Begun {
  const definition = messages && definitionOf(messages, type)
  const bytes = serializer.serialize(payload)
  // What is validated is what a consumer will read, so that nothing can be enqueued that cannot be consumed.
  const output = definition && validatePayload(type, definition, serializer.deserialize(bytes))
  return { definition, payload: bytes, output }
}

function finish(composer: Composer, request: EnqueueRequest, begun: Begun): OutboxMessage {
  const { definition, payload, output } = begun
  const { type } = request
  const { lockKey: _, ...options } = { ...composer.inherited, ...request.options }
  const aggregate = definition?.aggregate && derive('aggregate', () => checkAggregate(definition.aggregate?.(output)))
  const key = options.orderingKey ?? (definition?.key && derive('key', () => checkText(definition.key?.(output))))
  return buildMessage(
    {
      ...options,
      topic: options.topic ?? definition?.topic ?? '',
      headers: { ...definition?.headers, ...options.headers },
      orderingKey: key,
      aggregateType: options.aggregateType ?? aggregate?.type,
      aggregateId: options.aggregateId ?? aggregate?.id,
      type,
      payload,
      contentType: composer.serializer.contentType,
      schemaVersion: definition?.schemaVersion ?? 1,
    },
    composer,
  )
}

/** Without this, a key that is `undefined` by mistake would give up the order of the messages without a word. */
function derive<T>(name: 'key' | 'aggregate', work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw underivable(name === 'key' ? 'orderingKey' : 'aggregateId', name, error)
  }
}

function underivable(path: string, name: string, cause: unknown): MessageError {
  const problem = `cannot be derived, because \`${name}\` of the catalogue failed: see \`cause\``
  return new MessageError('INVALID_MESSAGE', `${path} ${problem}`, { path, cause })
}

function checkAggregate(aggregate: { readonly type: string; readonly id: string } | undefined) {
  return { type: checkText(aggregate?.type), id: checkText(aggregate?.id) }
}

function checkText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`a non-empty string was expected, not ${value === '' ? "''" : typeof value}`)
}
