import type { Random } from '../random.ts'

export interface SabotagePlan {
  readonly kills: number
  readonly pauses: number
  readonly leaves: number
  readonly brokerRestarts: number
  readonly messages: number
}

export interface Trick {
  readonly deed: 'kill' | 'pause' | 'leave' | 'restart'
  readonly to: 'relay' | 'consumer' | 'broker'
  /** It is time when so many messages have committed. */
  readonly moment: number
}

interface Cast {
  readonly random: Random
  readonly relays: number
  readonly consumers: number
}

/** In the order of their moments. Relays and consumers get their shares of each deed; restarts keep their distance. */
export function planSabotage(plan: SabotagePlan, cast: Cast): readonly Trick[] {
  const { random } = cast
  const { kills, pauses, leaves, brokerRestarts, messages } = plan
  // The last ones are to find something to disturb.
  const span = messages * 0.95
  const toProcesses = (deed: Trick['deed'], count: number): readonly Trick[] =>
    Array.from({ length: count }, (_, index) => ({
      deed,
      to: isForConsumer(index, cast) ? 'consumer' : 'relay',
      moment: random.below(Math.ceil(span)),
    }))
  const restarts = Array.from({ length: brokerRestarts }, (_, index): Trick => {
    const moment = Math.floor((span * (index + random.next())) / brokerRestarts)
    return { deed: 'restart', to: 'broker', moment }
  })
  const tricks = [
    ...toProcesses('kill', kills),
    ...toProcesses('pause', pauses),
    ...toProcesses('leave', leaves),
    ...restarts,
  ]
  return tricks.sort((left, right) => left.moment - right.moment)
}

/** Spread evenly, by how many there are of each. */
function isForConsumer(index: number, { relays, consumers }: Cast): boolean {
  const share = consumers / (relays + consumers)
  return Math.floor((index + 1) * share) > Math.floor(index * share)
}
