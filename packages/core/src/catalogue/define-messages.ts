import type { OptionCheck } from '../settings/check-options.ts'
import { checkOptions, given } from '../settings/check-options.ts'
import type { MessageDefinition } from './message-definition.ts'
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.ts'

/** Payloads by type of message: as a producer gives them and as a consumer gets them. */
export interface MessageTypes {
  readonly [type: string]: { readonly input: unknown; readonly output: unknown }
}

/** Where there is no catalogue: any type, any payload. */
export interface AnyMessages extends MessageTypes {}

/** All messages that producers and consumers agree on. Made by {@link defineMessages}. */
export interface Catalogue<Types extends MessageTypes> {
  readonly definitions: ReadonlyMap<string, MessageDefinition>
  /** Exists for the type checker only. */
  readonly types?: Types
}

/** Types of a catalogue, for annotations: `Outbox<Transaction<Database>, TypesOf<typeof messages>>`. */
export type TypesOf<Messages> = Messages extends Catalogue<infer Types> ? Types : never

/**
 * Makes a catalogue.
 *
 * @example
 * ```ts
 * const messages = defineMessages({
 *   'order.placed': { topic: 'orders', key: (m) => m.orderId, schema: z.object({ orderId: z.uuid(), total: z.number() }) },
 * })
 * ```
 * @throws `ConfigurationError` with all problems of all definitions at once.
 */
export function defineMessages<Schemas extends Record<string, StandardSchema>>(
  definitions: {
    readonly [Type in keyof Schemas]: MessageDefinition<Schemas[Type]>
  },
): Catalogue<{
  readonly [Type in keyof Schemas]: {
    readonly input: SchemaInput<Schemas[Type]>
    readonly output: SchemaOutput<Schemas[Type]>
  }
}> {
  const entries = Object.entries<MessageDefinition>(given(definitions))
  checkOptions('defineMessages', (check) => {
    for (const [type, definition] of entries) checkDefinition(check, type, definition)
  })
  return { definitions: new Map(entries) }
}

function checkDefinition(check: OptionCheck, type: string, definition: MessageDefinition): void {
  const at = (option: string) => `['${type}'].${option}`
  const { topic, schema, schemaVersion = 1, upcast = {} } = definition
  check.that(typeof topic === 'string' && topic !== '', { option: at('topic'), value: topic, rule: 'must be a name' })
  check.that(typeof schema?.['~standard']?.validate === 'function' && schema['~standard'].version === 1, {
    option: at('schema'),
    value: schema,
    rule: 'must be a Standard Schema of version 1',
  })
  check.integer(at('schemaVersion'), schemaVersion, 1, 2 ** 31 - 1)
  const versions = Object.keys(upcast).map(Number)
  for (const version of versions) {
    check.that(version + 1 === schemaVersion || versions.includes(version + 1), {
      option: at(`upcast[${version}]`),
      value: upcast[version],
      rule: `must lead to schemaVersion (${schemaVersion}) without gaps`,
    })
  }
}
