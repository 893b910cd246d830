import type { Trouble } from './trouble.ts'

export const closeTopic: Trouble = (world, random) => {
  const topic = random.pick(['orders', 'invoices'])
  const { closedTopics } = world.fates
  world.referee.note(`the topic ${topic} is CLOSED`)
  closedTopics.add(topic)
  world.fate.runtime.setTimeout(() => void closedTopics.delete(topic), random.between(20, 1500))
}

export const cutOff: Trouble = (world, random) => {
  const place = random.pick(world.relays)
  if (place === undefined) return
  world.referee.note(`${place.name} is CUT OFF from the broker`)
  place.cutOff = true
  world.fate.runtime.setTimeout(
    () => {
      place.cutOff = false
    },
    random.between(20, 1000),
  )
}
