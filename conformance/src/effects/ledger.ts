import type { InboxStorage, Message } from '@waybill/core/contracts'
import type { InboxConnection } from '../inbox/harness.ts'
import { rolledBack } from '../inbox/overlap.ts'
import { labelOf } from '../samples.ts'
import type { OpaqueTransaction } from '../transaction.ts'

type Tx = OpaqueTransaction
type Entry = Pick<Message, 'id' | 'orderingKey'>

/** Whose receipts the ledger's rows are. */
const consumer = 'ledger'

/**
 * The business of the handlers: rows in the database, each in the next free place of its key. They are receipts, for that is
 * what every inbox can write in the transaction of a handler.
 */
export async function writeEffect(inbox: InboxStorage<Tx>, tx: Tx, message: Entry): Promise<void> {
  const key = keyOf(message)
  let place = 1
  while ((await inbox.record(tx, [{ consumer, key: `${key} ${place}` }]))[0] === 'duplicate') place++
  await inbox.record(tx, [{ consumer, key: `${key} ${place} ${message.id}` }])
}

/** Labels of the messages that have taken effect, as often as they have, key by key in the order of the effects. */
export async function readEffects(
  { inbox, runner }: InboxConnection<Tx>,
  messages: readonly Entry[],
): Promise<readonly string[]> {
  const candidates = [...Map.groupBy(messages, keyOf)].flatMap(([key, own]) => {
    const ids = new Set(own.map(({ id }) => id))
    const places = Array.from({ length: 2 * ids.size }, (_, index) => index + 1)
    return places.flatMap((place) => [...ids].map((id) => ({ id, key: `${key} ${place} ${id}` })))
  })
  const receipts = candidates.map(({ key }) => ({ consumer, key }))
  const found = await rolledBack(runner, (tx) => inbox.record(tx, receipts))
  return candidates.filter((_, index) => found[index] === 'duplicate').map(labelOf)
}

function keyOf({ id, orderingKey }: Entry): string {
  return orderingKey ?? id
}
