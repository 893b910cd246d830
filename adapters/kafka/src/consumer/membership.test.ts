import { expect, it } from 'vitest'
import type { GroupListener, KafkaClient } from '../client/client.ts'
import { KafkaFailure } from '../failure.ts'
import { Membership } from './membership.ts'

const terms = { group: 'g', topics: ['t'], sessionTimeoutMs: 1000, rebalanceTimeoutMs: 1000, from: 'earliest' } as const

/** A client whose memberships begin and end as a test says: each join by its own function. */
class ScriptedClient implements KafkaClient {
  readonly name = 'scripted'
  joins = 0
  open = 0
  readonly #scripts: readonly ((listener: GroupListener) => void)[]

  constructor(scripts: readonly ((listener: GroupListener) => void)[]) {
    this.#scripts = scripts
  }

  openProducer(): never {
    throw new Error('not of interest here')
  }

  readRetention(): never {
    throw new Error('not of interest here')
  }

  async joinGroup(_: unknown, listener: GroupListener) {
    const script = this.#scripts[this.joins]
    this.joins += 1
    script?.(listener)
    this.open += 1
    return {
      pause: () => undefined,
      resume: () => undefined,
      commit: async () => undefined,
      close: async () => {
        this.open -= 1
      },
    }
  }
}

function membershipOf(client: KafkaClient): Membership {
  const nothing = () => undefined
  const listener = { assigned: nothing, received: nothing, revoked: nothing, failed: nothing }
  return new Membership(client, terms, listener)
}

it('joins once more when the first attempt fails, and not twice', async () => {
  const client = new ScriptedClient([
    ({ lost }) => {
      lost(new Error('the coordinator is loading'))
      throw new KafkaFailure('unknown', 'the coordinator is loading')
    },
  ])
  const membership = membershipOf(client)
  await membership.begin()
  expect(client.open).toBe(1)
  await membership.close()
  expect(client).toMatchObject({ joins: 2, open: 0 })
})

it('joins again when it is lost, whether it stood already or not', async () => {
  let lose: GroupListener['lost'] = () => undefined
  const client = new ScriptedClient([
    ({ lost }) => lost(new Error('while joining')),
    ({ lost }) => {
      lose = lost
    },
  ])
  const membership = membershipOf(client)
  await membership.begin()
  await expect.poll(() => client.joins).toBe(2)
  await expect.poll(() => membership.link).toBeDefined()
  lose(new Error('afterwards'))
  await expect.poll(() => client.joins).toBe(3)
  await expect.poll(() => client.open).toBe(1)
  await membership.close()
  expect(client.open).toBe(0)
})
