import { Outbox } from '@waybill/core'
import { type OutboxMessage, orderingScope, WaybillError } from '@waybill/core/contracts'
import { type MemoryStorage, type MemoryTransaction, memoryStorage } from '@waybill/memory'
import type { MessageRecord, Nature, TransactionRecord } from '../history/records.ts'
import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'
import type { World } from './world.ts'

/** Table of the producers' own rows: that a transaction committed is told by its row, not by the outbox. */
export const businessTable = 'orders'

interface Producer {
  readonly world: World
  readonly actor: Actor
  readonly random: Random
  readonly storage: MemoryStorage
  readonly outbox: Outbox<MemoryTransaction>
}

/** A service that writes its rows and its messages, transaction after transaction, until enough has been enqueued. */
export async function produce(world: World, actor: Actor, random: Random): Promise<void> {
  const storage = memoryStorage({ database: world.database, schedule: world.connections.scheduleOf(actor) })
  const outbox = new Outbox<MemoryTransaction>({ storage, runtime: actor.runtime })
  const producer = { world, actor, random, storage, outbox }
  while (world.wantsMessages) {
    await actor.sleep(random.integer(world.plan.transactions.thinkMs))
    await runTransaction(producer)
  }
}

async function runTransaction(producer: Producer): Promise<void> {
  const { world, actor, random } = producer
  const { plan, history, connections } = world
  const tx = connections.begin(actor)
  const record = history.begin(
    `${actor.name}/${history.transactions.length}`,
    !random.chance(plan.transactions.notDurable),
  )
  try {
    await actor.step(`begins ${record.name}`)
    await tx.put(businessTable, record.name, true)
    await enqueueSome(producer, tx, record)
    if (random.chance(plan.transactions.rollback)) {
      await actor.step(`rolls ${record.name} back`)
      tx.rollback()
      history.rolledBack(record)
    } else {
      await commit(producer, tx, record)
    }
  } catch (error) {
    // Deadlock, failover, a lost connection: the producer gives the transaction up.
    if (!WaybillError.isInstance(error)) throw error
    tx.rollback()
    if (record.state === 'open') history.rolledBack(record)
  } finally {
    connections.ended(actor, tx)
  }
}

async function commit(
  { world, actor, random }: Producer,
  tx: MemoryTransaction,
  record: TransactionRecord,
): Promise<void> {
  await actor.step(`commits ${record.name}`)
  tx.makeVisible({ durable: record.durable })
  world.history.committed(record)
  world.wakeups.committed()
  if (random.chance(world.plan.transactions.lateUnlock)) await actor.step(`unlocks ${record.name}`)
  tx.releaseLocks()
}

async function enqueueSome(producer: Producer, tx: MemoryTransaction, record: TransactionRecord): Promise<void> {
  const { world, actor, random } = producer
  const { locked, long } = world.plan.transactions
  const locks = random.chance(locked)
  const stays = random.chance(long)
  const count = random.pick([1, 1, 2, 2, 3, 4])
  for (let index = 0; index < count && (index === 0 || world.wantsMessages); index++) {
    const key = `k${random.integer(world.plan.keys)}`
    if (locks) {
      await actor.step(`locks ${key}`)
      await tx.lock('keys', key)
    }
    await enqueueOne(producer, tx, { record, key })
    if (stays && index === 0) await actor.sleep(random.between(50, world.plan.relay.leaseMs * 2))
  }
}

async function enqueueOne(
  { world, actor, random, outbox }: Producer,
  tx: MemoryTransaction,
  { record, key }: { readonly record: TransactionRecord; readonly key: string },
): Promise<void> {
  const draft = draftMessage(world, random, key)
  const { message } = draft
  const known = recordMessage(world, record, draft)
  const { jumps } = world.clock
  if (random.chance(0.3)) {
    await actor.step(`inserts ${message.id} into ${message.topic} ${key} by plain SQL`)
    tx.insertMessages([message])
  } else {
    const { id, topic, type, payload, contentType, headers, schemaVersion, createdAt, ...options } = message
    await outbox.enqueue(tx, type, { id }, { ...options, id, topic })
  }
  if (known.available === null || message.delayMs === undefined) return
  known.available.by = Math.max(known.available.by, world.clock.now() + message.delayMs)
  if (world.clock.jumps > jumps) known.available.from = Number.NEGATIVE_INFINITY
}

interface Draft {
  readonly message: OutboxMessage
  readonly nature: Nature
}

function draftMessage(world: World, random: Random, key: string): Draft {
  const { transactions, broker } = world.plan
  const now = world.clock.now()
  const id = `m${world.history.messages.size + 1}`
  const scheduled = random.chance(transactions.scheduled)
  const relative = random.chance(0.5)
  const delayMs = random.between(0, 600)
  return {
    nature: drawNature(random, broker.natures),
    message: {
      id,
      topic: random.chance(0.7) ? 'orders' : 'invoices',
      type: 'thing.happened',
      payload: new TextEncoder().encode(JSON.stringify({ id })),
      contentType: 'application/json',
      headers: {},
      schemaVersion: 1,
      createdAt: now,
      ...(random.chance(0.93) ? { orderingKey: key } : {}),
      ...(scheduled && relative ? { delayMs } : {}),
      ...(scheduled && !relative ? { availableAt: now - 20 + delayMs } : {}),
      ...(random.chance(transactions.expiring) ? { expiresAt: now + 600 + random.between(50, 1500) } : {}),
      ...(random.chance(transactions.fewAttempts) ? { maxAttempts: random.between(1, 3) } : {}),
    },
  }
}

function drawNature(random: Random, natures: Readonly<Record<Exclude<Nature, 'plain'>, number>>): Nature {
  let left = random.next()
  for (const nature of ['bomb', 'hang', 'poison', 'fatal'] as const) {
    left -= natures[nature]
    if (left < 0) return nature
  }
  return 'plain'
}

function recordMessage(world: World, transaction: TransactionRecord, { message, nature }: Draft): MessageRecord {
  const now = world.clock.now()
  const from = message.availableAt ?? (message.delayMs === undefined ? null : now + message.delayMs)
  const facts = {
    id: message.id,
    topic: message.topic,
    scope: orderingScope(message),
    nature,
    available: from === null ? null : { from, by: from },
    expiresAt: message.expiresAt ?? null,
    maxAttempts: message.maxAttempts ?? world.plan.relay.maxAttempts,
    payload: new TextDecoder().decode(message.payload),
  }
  return world.history.enqueue(transaction, facts, now)
}
