import type { Redis } from 'ioredis'
import { type Entry, type RawEntry, toEntry } from './entry.ts'
import { consumerError, isReply, replyCode } from './errors.ts'
import type { RedisLink } from './link.ts'

/** A stream that a subscription reads. */
export interface SourceStream {
  readonly stream: string
  readonly topic: string
}

export interface GroupMember {
  readonly group: string
  readonly consumer: string
}

/** Entries that nobody works on are given to a consumer of this name, which does not exist, for anyone to claim. */
const nobody = 'waybill-returned'
/** Longer ago than any `abandonedAfterMs`. */
const longAgoMs = 2 ** 40
/** What Redis may take beyond the time that a read waits, before the connection is given up. */
const patienceMs = 10_000
/** Entries of one step through what is pending. */
const page = 100

/**
 * Says that this consumer still works on entries, and answers those that are no longer its own: it must not take back what
 * another has claimed. A message that was rejected goes to its dead letters together with its acknowledgement.
 */
const keepScript = `
local lost = {}
for index = 3, #ARGV do
  local id = ARGV[index]
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
  if #pending == 0 then lost[#lost + 1] = id
  else redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'JUSTID') end
end
return lost
`

/** The dead letter is the entry as it was, with where it came from and why. */
const buryScript = `
local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if found then
  local command = { 'XADD', KEYS[2], '*' }
  for _, field in ipairs(found[2]) do command[#command + 1] = field end
  local about = { 'waybill-dead-stream', KEYS[1], 'waybill-dead-entry', ARGV[2],
    'waybill-dead-group', ARGV[1], 'waybill-dead-reason', ARGV[3] }
  for _, field in ipairs(about) do command[#command + 1] = field end
  redis.call(unpack(command))
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
`

/** What a member of a consumer group says to Redis. */
export class ConsumerGroup {
  readonly #link: RedisLink
  readonly #member: GroupMember

  constructor(link: RedisLink, member: GroupMember) {
    this.#link = link
    this.#member = member
  }

  /** Makes the group, or makes sure that it is there. Rejects with what is missing, by name. */
  async require({ stream }: SourceStream, topology: 'existing' | 'create'): Promise<void> {
    const { group } = this.#member
    await this.#link.run(async (client) => {
      if (topology === 'create') return await createGroup(client, stream, group)
      const groups = await groupsOf(client, stream)
      if (groups.includes(group)) return
      const hint = `XGROUP CREATE ${stream} ${group} 0 MKSTREAM`
      const what = groups.length === 0 ? `stream '${stream}' with a group` : `group in the stream '${stream}'`
      throw consumerError(`There is no ${what} '${group}': make it (${hint}) or set topology: 'create'`)
    })
  }

  /** Waits for new entries. `link` is one of its own, for nothing else can be said over it meanwhile. */
  async readNew(
    link: RedisLink,
    from: readonly SourceStream[],
    limits: { readonly count: number; readonly blockMs: number },
  ): Promise<readonly Entry[]> {
    const { group, consumer } = this.#member
    const { count, blockMs } = limits
    const streams = from.map(({ stream }) => stream)
    const args = [
      'GROUP',
      group,
      consumer,
      'COUNT',
      count,
      'BLOCK',
      blockMs,
      'STREAMS',
      ...streams,
      ...streams.map(() => '>'),
    ]
    const reply = await link.run((client) => client.callBuffer('XREADGROUP', args), blockMs + patienceMs)
    return entriesOf(reply, from).map(({ source, raw }) => toEntry(source, raw, 1))
  }

  /** What this consumer had been given before, from the beginning, whether or not it got there. */
  async readOwn(source: SourceStream): Promise<readonly Entry[]> {
    const { group, consumer } = this.#member
    const found: RawEntry[] = []
    for (let after = '0'; ; ) {
      const args = ['GROUP', group, consumer, 'COUNT', page, 'STREAMS', source.stream, after]
      const reply = await this.#link.run((client) => client.callBuffer('XREADGROUP', args))
      const entries = entriesOf(reply, [source]).map(({ raw }) => raw)
      found.push(...entries)
      const last = entries.at(-1)
      if (last === undefined || entries.length < page) break
      after = last[0].toString()
    }
    return await this.#counted(source, found)
  }

  /** Takes over what a consumer had in hand that has not said for `idleMs` that it is alive. */
  async claim(source: SourceStream, idleMs: number, limit: number): Promise<readonly Entry[]> {
    const { group, consumer } = this.#member
    const args = [source.stream, group, consumer, idleMs, '0-0', 'COUNT', Math.min(limit, page)]
    const reply = await this.#link.run((client) => client.callBuffer('XAUTOCLAIM', args))
    const [, entries, removed] = reply as [unknown, RawEntry[], Buffer[]?]
    const gone = (removed ?? []).map((id): RawEntry => [id, null])
    return await this.#counted(source, [...gone, ...entries])
  }

  /** Answers the ids that are another's by now. */
  async keep(stream: string, ids: readonly string[]): Promise<readonly string[]> {
    const { group, consumer } = this.#member
    return (await this.#link.run((client) =>
      client.call('EVAL', [keepScript, 1, stream, group, consumer, ...ids]),
    )) as string[]
  }

  async acknowledge(stream: string, ids: readonly string[]): Promise<void> {
    await this.#link.run((client) => client.call('XACK', [stream, this.#member.group, ...ids]))
  }

  async bury({ stream, id }: Entry, deadLetterStream: string, reason: string): Promise<void> {
    const { group } = this.#member
    await this.#link.run((client) => client.call('EVAL', [buryScript, 2, stream, deadLetterStream, group, id, reason]))
  }

  /** Lets anyone claim entries at once. They count as delivered, but not once more. */
  async giveBack(stream: string, ids: readonly string[]): Promise<void> {
    const args = [stream, this.#member.group, nobody, 0, ...ids, 'IDLE', longAgoMs, 'JUSTID']
    await this.#link.run((client) => client.call('XCLAIM', args))
  }

  /** Removes this consumer from the group, unless it has something in hand: Redis would forget that it is pending. */
  async leave(stream: string): Promise<void> {
    const { group, consumer } = this.#member
    const script = `if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end`
    await this.#link.run((client) => client.call('EVAL', [script, 1, stream, group, consumer]))
  }

  /** With how often each has been delivered. */
  async #counted(source: SourceStream, entries: readonly RawEntry[]): Promise<readonly Entry[]> {
    const [first, last] = [entries[0]?.[0].toString(), entries.at(-1)?.[0].toString()]
    if (first === undefined || last === undefined) return []
    const { group, consumer } = this.#member
    const pending = (await this.#link.run((client) =>
      client.call('XPENDING', [source.stream, group, first, last, entries.length, consumer]),
    )) as [string, string, number, number][]
    const counts = new Map(pending.map(([id, , , count]) => [id, Number(count)]))
    return entries.map((entry) => toEntry(source, entry, counts.get(entry[0].toString()) ?? 1))
  }
}

async function createGroup(client: Redis, stream: string, group: string): Promise<void> {
  try {
    await client.call('XGROUP', ['CREATE', stream, group, '0', 'MKSTREAM'])
  } catch (error) {
    if (!isReply(error) || replyCode(error) !== 'BUSYGROUP') throw error
  }
}

async function groupsOf(client: Redis, stream: string): Promise<readonly string[]> {
  try {
    const groups = (await client.call('XINFO', ['GROUPS', stream])) as unknown[][]
    return groups.map((facts) => String(facts[facts.indexOf('name') + 1]))
  } catch (error) {
    if (isReply(error) && error instanceof Error && error.message.includes('no such key')) return []
    throw error
  }
}

function entriesOf(
  reply: unknown,
  from: readonly SourceStream[],
): readonly { readonly source: SourceStream; readonly raw: RawEntry }[] {
  const byStream = (reply ?? []) as [Buffer, RawEntry[]][]
  return byStream.flatMap(([name, entries]) => {
    const source = from.find(({ stream }) => stream === name.toString())
    return source === undefined ? [] : entries.map((raw) => ({ source, raw }))
  })
}
