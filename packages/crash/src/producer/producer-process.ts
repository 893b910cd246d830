import { asChild } from '../process/as-child.ts'
import { Random } from '../random.ts'
import { loadStorage } from '../storages/storages.ts'
import { Producer } from './producer.ts'
import type { CommittedMessage, FromProducer, ProducerInput } from './protocol.ts'
import { Quota } from './quota.ts'

// A service with several connections that work at the same time.

const tellEveryMs = 50

const parent = asChild<ProducerInput, never, FromProducer>()
const { input } = parent
const kind = await loadStorage(input.storage)
const work = await kind.openForWork(input.database, input.connections)
const random = new Random(input.seed)
const quota = new Quota(input.messages)

let committed: CommittedMessage[] = []
let rollbacks = 0
const tell = async () => {
  if (committed.length === 0 && rollbacks === 0) return
  const news: FromProducer = { type: 'committed', messages: committed, rollbacks }
  committed = []
  rollbacks = 0
  await parent.send(news)
}
const timer = setInterval(() => void tell(), tellEveryMs)

let bombs = input.bombs
/** One after the other in the first two thirds, so that each has had its time before the end. */
const isBomb = () => {
  const share = 1 - quota.left / input.messages
  if (bombs === 0 || share < (2 / 3) * (1 - bombs / (input.bombs + 1))) return false
  bombs--
  return true
}

const producers = Array.from({ length: input.connections }, () => {
  return new Producer({
    work,
    kind,
    quota,
    random: new Random(random.seed()),
    thinkMs: input.thinkMs,
    isBomb,
    onCommitted(ids) {
      const at = Date.now()
      for (const id of ids) committed.push({ id, at })
    },
    onRolledBack() {
      rollbacks++
    },
  })
})
await Promise.all(producers.map((producer) => producer.run()))
clearInterval(timer)
await tell()
await parent.send({ type: 'done' })
await work.close()
parent.disconnect()
