import { MessageError, type OutboxMessage, type OutboxWriter } from '@waybill/core/contracts'
import { insertStatements, type SqlContext, type SqlExecutor } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import { keyLockTemplate } from './key-locks.ts'
import { executorWithin, type MysqlTransaction, toBuffer } from './transaction.ts'

/** Beyond these a statement gets no faster. Bytes take twice their number, so that any server's packets are large enough. */
const rowsPerStatement = 100
const payloadBytesPerStatement = 400_000

const packetQuery = CompiledQuery.raw('select @@max_allowed_packet as bytes') as CompiledQuery<{
  readonly bytes: number
}>

export interface MysqlWriter extends Omit<OutboxWriter<MysqlTransaction>, 'insertSync'> {
  /**
   * The statement that {@link insert} would run, as a mysql2 connection takes it: to be sent together with the business write,
   * where a client sends several statements of one transaction at once. Make the messages with `outbox.compose`.
   *
   * @throws RangeError for no messages, or more than one statement takes (100, or 400,000 bytes of payloads).
   * @example
   * ```ts
   * const message = storage.insertQuery([await outbox.compose('order.placed', order)])
   * const both = `begin; insert into orders values (?, ?); ${message.sql}; commit`
   * await connection.query(both, [order.id, order.total, ...message.values]) // with multipleStatements
   * ```
   */
  insertQuery(messages: readonly OutboxMessage[]): { readonly sql: string; readonly values: readonly unknown[] }
}

export function mysqlWriter(context: SqlContext): MysqlWriter {
  const statements = insertStatements(context)
  const lock = keyLockTemplate(context)
  return {
    specificationVersion: 'v1',
    name: 'mysql',
    async lockKey(tx, scope) {
      await (await executorWithin(tx)).execute(lock(scope))
    },
    async insert(tx, messages) {
      const transaction = await executorWithin(tx)
      for (const some of inPackets(messages)) {
        await requirePacket(transaction, some)
        for (const statement of statements(some, rowsPerStatement)) await transaction.execute(statement)
      }
    },
    insertQuery(messages) {
      const [some = [], others] = inPackets(messages)
      const [statement, more] = statements(some, rowsPerStatement)
      if (statement === undefined || more !== undefined || others !== undefined) {
        throw new RangeError(`${messages.length} messages are not what one statement inserts: 1 to ${rowsPerStatement}`)
      }
      return { sql: statement.sql, values: statement.parameters.map(toBuffer) }
    },
  }
}

/** The server breaks off the connection at a packet that is too large, mostly without a word of why. */
async function requirePacket(executor: SqlExecutor, messages: readonly OutboxMessage[]): Promise<void> {
  const [message, ...others] = messages
  if (message === undefined || others.length > 0 || message.payload.byteLength <= payloadBytesPerStatement) return
  const { rows } = await executor.execute(packetQuery)
  const bytes = Number(rows[0]?.bytes ?? Number.POSITIVE_INFINITY)
  const needed = 2 * message.payload.byteLength + 4 * JSON.stringify(message.headers).length + 16_384
  if (needed <= bytes) return
  const text = `The server takes statements of ${bytes} bytes, and this message needs ${needed}: raise its max_allowed_packet`
  throw new MessageError('PAYLOAD_TOO_LARGE', text)
}

/** Parts that are small enough for one packet each, unless a single message is not. */
function inPackets(messages: readonly OutboxMessage[]): readonly (readonly OutboxMessage[])[] {
  const parts: OutboxMessage[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const message of messages) {
    bytes += message.payload.byteLength
    if (bytes > payloadBytesPerStatement) {
      parts.push([])
      bytes = message.payload.byteLength
    }
    parts.at(-1)?.push(message)
  }
  return parts
}
