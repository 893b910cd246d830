import { type MessageStatus, WaybillError } from '../contracts/index.ts'

/** What can happen to a message. */
export type LifecycleEvent =
  | 'claim'
  | 'published'
  | 'retry'
  | 'dead'
  | 'release'
  | 'lease-expired'
  | 'redrive'
  | 'discard'

/** `GONE`: the message is no longer in the outbox. */
export type LifecycleState = MessageStatus | 'GONE'

/** Every transition there is. What is not in the table is refused. */
export const transitions: Readonly<Record<LifecycleState, Readonly<Partial<Record<LifecycleEvent, LifecycleState>>>>> =
  {
    PENDING: { claim: 'PROCESSING' },
    PROCESSING: {
      published: 'PUBLISHED',
      retry: 'PENDING',
      dead: 'DEAD',
      release: 'PENDING',
      'lease-expired': 'PENDING',
    },
    PUBLISHED: {},
    DEAD: { redrive: 'PENDING', discard: 'GONE' },
    GONE: {},
  }

/** @throws {@link WaybillError} `ILLEGAL_TRANSITION`. */
export function transition(state: LifecycleState, event: LifecycleEvent): LifecycleState {
  const next = transitions[state][event]
  if (next !== undefined) return next
  throw new WaybillError({
    code: 'ILLEGAL_TRANSITION',
    message: `A message that is ${state} cannot take '${event}'`,
    retryable: false,
  })
}
