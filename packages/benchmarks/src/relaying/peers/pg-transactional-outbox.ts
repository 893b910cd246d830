import pg from 'pg'
import { DatabaseSetupExporter, getDisabledLogger, initializePollingMessageListener } from 'pg-transactional-outbox'
import { gathering } from './gathering.ts'
import { batchSize, fromStored, inParts, type Peer, type StoredMessage } from './peer.ts'

const schema = 'public'
const table = 'outbox'
const nextMessages = 'next_outbox_messages'
/** Each message has a transaction of its own while it is published. */
const connections = 50

/**
 * It loads 5 messages each half second unless it is told otherwise, and its README names no other figures: so as many as there
 * are connections, at once. The protections are for handlers, may be off for an outbox and "take a little bit more time", says
 * the documentation of its settings
 * (https://github.com/Zehelein/pg-transactional-outbox/blob/main/lib/src/common/listener-config.ts). It polls: its other
 * listener, of the write-ahead log, wants a server with `wal_level = logical`.
 */
const settings = {
  dbSchema: schema,
  dbTable: table,
  nextMessagesFunctionName: nextMessages,
  nextMessagesBatchSize: connections,
  nextMessagesPollingIntervalInMs: 10,
  enableMaxAttemptsProtection: false,
  enablePoisonousMessageProtection: false,
}

/** Messages may be handled side by side, instead of one segment after the other. */
const insert = `
  insert into ${schema}.${table} (id, aggregate_type, aggregate_id, message_type, payload, concurrency)
  select (row ->> 'id')::uuid, 'order', row ->> 'key', row ->> 'type', row, 'parallel'
  from jsonb_array_elements($1::jsonb) as row`

/** It keeps what is published until a clean-up in the background, which does not run in the time that is measured. */
export const pgTransactionalOutbox: Peer = {
  name: 'pg-transactional-outbox',
  async open(url) {
    const pool = new pg.Pool({ connectionString: url, max: 1 })
    const { user = '', database = '' } = new pg.Client({ connectionString: url })
    await pool.query(
      DatabaseSetupExporter.createPollingScript({
        outboxOrInbox: 'outbox',
        database,
        schema,
        table,
        listenerRole: user,
        nextMessagesName: nextMessages,
      }),
    )
    return {
      async fill(messages) {
        await pool.query(`truncate ${schema}.${table}`)
        await inParts(messages, (part) => pool.query(insert, [JSON.stringify(part)]))
      },
      async start(publish) {
        const publishOne = gathering(publish, batchSize)
        const dbListenerConfig = { connectionString: url, max: connections }
        const handler = {
          handle: ({ payload }: { readonly payload: unknown }) => publishOne(fromStored(payload as StoredMessage)),
        }
        const [shutdown] = initializePollingMessageListener(
          { outboxOrInbox: 'outbox', dbListenerConfig, settings },
          handler,
          getDisabledLogger(),
        )
        return { [Symbol.asyncDispose]: shutdown }
      },
      [Symbol.asyncDispose]: () => pool.end(),
    }
  },
}
