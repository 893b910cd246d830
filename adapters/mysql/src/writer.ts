import type { OutboxMessage, OutboxWriter } from '@waybill/core/contracts'
import { insertStatements, type SqlContext } from '@waybill/sql'
import { keyLockTemplate } from './key-locks.ts'
import { executorWithin, type MysqlTransaction } from './transaction.ts'

/** Beyond these a statement gets no faster, and comes near to the smallest `max_allowed_packet` that servers start with. */
const rowsPerStatement = 100
const payloadBytesPerStatement = 2_000_000

export function mysqlWriter(context: SqlContext): Pick<OutboxWriter<MysqlTransaction>, 'insert' | 'lockKey'> {
  const statements = insertStatements(context)
  const lock = keyLockTemplate(context)
  return {
    async lockKey(tx, scope) {
      await (await executorWithin(tx)).execute(lock(scope))
    },
    async insert(tx, messages) {
      const transaction = await executorWithin(tx)
      for (const some of inPackets(messages)) {
        for (const statement of statements(some, rowsPerStatement)) await transaction.execute(statement)
      }
    },
  }
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
