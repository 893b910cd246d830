import { MessageError, type OutboxMessage, type OutboxWriter } from '@waybill/core/contracts'
import { insertStatements, type SqlContext, type SqlExecutor } from '@waybill/sql'
import { CompiledQuery } from 'kysely'
import { keyLockTemplate } from './key-locks.ts'
import { executorWithin, type MysqlTransaction } from './transaction.ts'

/** Beyond these a statement gets no faster. Bytes take twice their number, so that any server's packets are large enough. */
const rowsPerStatement = 100
const payloadBytesPerStatement = 400_000

const packetQuery = CompiledQuery.raw('select @@max_allowed_packet as bytes') as CompiledQuery<{
  readonly bytes: number
}>

export function mysqlWriter(context: SqlContext): OutboxWriter<MysqlTransaction> {
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
