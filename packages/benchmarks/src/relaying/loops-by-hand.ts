import type { HandOutbox, HandRow, SkipLocked } from '../backlogs/hand/hand-outbox.ts'
import type { PlainMessage } from '../brokers/plain-message.ts'

/** Hands messages to the broker; resolves when it has confirmed them. */
export type Publish = (messages: readonly PlainMessage[]) => Promise<void>

export interface LoopByHand {
  readonly batchSize: number
  readonly publish: Publish
}

/**
 * What somebody writes who knows how relays are made fast: reads after a floor while the batch before is published, and
 * deletes the one before that. It has one reader, knows no failure, no crash, no second process and no late commit.
 */
export async function pipelinedLoop(outbox: HandOutbox, { batchSize, publish }: LoopByHand): Promise<void> {
  let settling: Promise<void> = Promise.resolve()
  let next = outbox.read(0, batchSize)
  for (;;) {
    const rows = await next
    const last = rows.at(-1)
    if (last === undefined) break
    next = outbox.read(last.position, batchSize)
    await publish(messagesOf(rows))
    await settling
    settling = outbox.settle(rows, false)
  }
  await settling
}

/** What most outboxes do: lease rows with SKIP LOCKED, publish, delete. */
export async function leasingLoop(
  outbox: HandOutbox,
  rows: SkipLocked,
  { batchSize, publish }: LoopByHand,
): Promise<void> {
  for (;;) {
    const leased = await rows.lease(batchSize)
    if (leased.length === 0) return
    await publish(messagesOf(leased))
    await outbox.settle(leased, false)
  }
}

/** What the others do: lock rows with SKIP LOCKED, publish inside the transaction, delete, commit. */
export async function lockingLoop(rows: SkipLocked, { batchSize, publish }: LoopByHand): Promise<void> {
  let count = 0
  do count = await rows.inTransaction(batchSize, (locked) => publish(messagesOf(locked)))
  while (count > 0)
}

function messagesOf(rows: readonly HandRow[]): readonly PlainMessage[] {
  return rows.map(({ message }) => message)
}
