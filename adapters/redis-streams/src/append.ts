import type { PublishOutcome } from '@waybill/core/contracts'
import type { Redis } from 'ioredis'
import { isReply, missingStream, outcomeOfReply } from './errors.ts'
import type { EntryFields } from './mapping.ts'

/**
 * Appends entries to one stream until one fails, so that nothing is appended after what was not: a transaction (MULTI)
 * would go on. Answers how many were appended, and why the next was not.
 *
 * Redis refuses a script at its first write, or not at all, when it has no memory left, so that nearly always all are
 * appended or none.
 */
const appendScript = `
local stream, mode, age, at, added = KEYS[1], ARGV[1], ARGV[2], 3, 0
local head = { 'XADD', stream }
if mode == 'existing' then head[#head + 1] = 'NOMKSTREAM' end
if age ~= '' then
  head[#head + 1] = 'MINID'
  head[#head + 1] = '~'
  head[#head + 1] = string.format('%.0f', math.max(0, redis.call('TIME')[1] * 1000 - age))
end
head[#head + 1] = '*'
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local command = {}
  for index = 1, #head do command[index] = head[index] end
  for index = 1, count do command[#head + index] = ARGV[at + index] end
  local reply = redis.pcall(unpack(command))
  if not reply then return { added, 'missing' } end
  if type(reply) == 'table' and reply.err then return { added, reply.err } end
  added = added + 1
  at = at + count + 1
end
return { added }
`

/** Lua can hand so many arguments to one command. */
export const maxFields = 3000

/** Entries for one stream, to be appended together. */
export interface Chunk {
  readonly stream: string
  /** Indexes into the publish call. */
  readonly indexes: readonly number[]
  readonly entries: readonly EntryFields[]
}

export interface AppendTerms {
  readonly topology: 'existing' | 'create'
  readonly trimOlderThanMs: number | undefined
}

type Pipeline = ReturnType<Redis['pipeline']>

export function addAppend(pipeline: Pipeline, { stream, entries }: Chunk, terms: AppendTerms): void {
  const args: (string | Buffer | number)[] = [terms.topology, String(terms.trimOlderThanMs ?? '')]
  for (const fields of entries) {
    args.push(fields.length)
    for (const field of fields) args.push(field)
  }
  pipeline.call('EVAL', [appendScript, 1, stream, ...args])
}

/** How many entries of a chunk were appended, and what became of the others. */
export interface Appended {
  readonly added: number
  readonly rest?: PublishOutcome
  /** It is not known what became of the others, so that nothing may follow them. */
  readonly error?: Error
}

/** Reads the reply of a pipeline to {@link addAppend}. */
export function readAppended(stream: string, reply: readonly [Error | null, unknown] | undefined): Appended {
  const [error, answer] = reply ?? [new Error('There is no reply'), undefined]
  if (error !== null && isReply(error)) return { added: 0, rest: outcomeOfReply(stream, error.message) }
  if (error !== null) return { added: 0, error }
  const [added, failure] = Array.isArray(answer) ? answer : []
  if (typeof added !== 'number') return { added: 0, error: new Error('The reply to the script makes no sense') }
  if (failure === undefined) return { added }
  const rest = failure === 'missing' ? missingStream(stream) : outcomeOfReply(stream, String(failure))
  return { added, rest }
}
