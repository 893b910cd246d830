import { type Message, orderingScope } from '@waybill/core/contracts'
import { laneOf } from '@waybill/core/lanes'
import type { PublishStart, StartedMessage } from '../invariants/publish-start.ts'
import type { World } from './world.ts'

/** What the database holds of a publish call that is starting. */
export function lookAtStart(
  world: World,
  relay: { readonly name: string; readonly session: string },
  messages: readonly Message[],
): PublishStart {
  const { scheduler, clock, witness } = world
  return {
    relay: relay.name,
    now: scheduler.now,
    leaseEndsAt: witness.leaseEndsAt(relay.session),
    dbTimeNeverSetBack: clock.neverSetBack,
    latestDbTime: clock.latest,
    leasesAreTrue: witness.leasesAreTrue,
    messages: messages.map((message) => lookAtMessage(world, relay, message)),
  }
}

function lookAtMessage(
  { history, database, witness }: World,
  { name, session }: { readonly name: string; readonly session: string },
  message: Message,
): StartedMessage {
  // A takeover that is under way has written its holds, but the lanes are still the old owner's: not by the true time.
  const takenOver = !witness.leasesAreTrue && database.lanes.current !== null
  const hold = takenOver ? undefined : database.lanes.holds.get(orderingScope(message))
  const head = hold === undefined ? undefined : database.messages.at(hold.head)
  // After a failover the position of a hold's head may belong to a message of another key.
  const holds = head?.status === 'PENDING' && orderingScope(head.row.message) === orderingScope(message)
  const row = database.messages.withId(message.id)
  const relay = database.lanes.relays.get(session)
  return {
    message: history.known(message.id),
    owned: database.lanes.owners.get(laneOf(message.orderingKey ?? message.id)) === session,
    heldUntil: hold !== undefined && holds ? hold.dueAt : null,
    inWindow: row?.status === 'PENDING' ? (relay?.window.includes(row.row.position) ?? false) : null,
    attempts: row?.status === 'PENDING' ? row.row.attempts : null,
    mayBeProbe: witness.hasBeenInTrouble(name, message.topic),
  }
}
