/** The invariants, by name, in the words of the report. */
export const invariants = {
  'no-loss': 'every committed message ends accepted by the broker, DEAD with a reason, or discarded',
  'no-phantom': 'the broker accepts nothing whose transaction did not commit',
  order: 'first acceptances of a topic and key follow the order of commits and enqueues, unless the earlier one died',
  due: 'nothing is published before its stored due time by a relay that owns it',
  lease: "no publish call starts after the relay's own lease has ended",
  ownership: 'a relay publishes only what stands in its own lanes',
  window: 'what a relay publishes stands in its window, but for the probe of a topic in trouble',
  duplicates: 'without a disturbance nothing is accepted twice',
  'effects-once':
    'each consumer applies each message once or keeps it as a dead letter; a rolled-back handler leaves nothing',
  'effects-order': 'effects of a topic and key follow the order in which the broker first accepted the messages',
  conservation: 'a message is in exactly one of pending, published, dead, discarded and pruned',
  attempts: 'attempts are spent by rejections and unknown outcomes alone, and never exceed the maximum',
  crashes: 'a message dies of crashes only after enough relays have ended while publishing it alone',
  innocents: 'only messages that kill relays or consumers die of crashes, when nothing else ends them',
  expiry: 'a message dies as expired only after its time',
  liveness: 'once the faults have stopped, every key gets on',
  anomaly: 'a sweep finds nothing',
  'no-stray-errors': 'no unhandled rejection, and no error that is not a typed one',
} as const

export type Invariant = keyof typeof invariants

/** An invariant is broken: the end of the schedule. */
export class Violation extends Error {
  readonly invariant: Invariant

  constructor(invariant: Invariant, explanation: string) {
    super(explanation)
    this.name = 'Violation'
    this.invariant = invariant
  }
}
