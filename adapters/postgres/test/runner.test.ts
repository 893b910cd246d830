import { setImmediate as turn } from 'node:timers/promises'
import { onServer, type Server } from '@waybill/conformance/containers'
import type { TransactionOptions } from '@waybill/core/contracts'
import { sql } from 'kysely'
import type { ClientBase } from 'pg'
import { describe, expect, it } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { emptyDatabase, server } from './server.ts'

interface Runner {
  /** Hands its work a way to run a statement in the transaction. */
  transaction<T>(
    work: (run: (text: string) => Promise<unknown>) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
}

type Kind = 'pool' | 'db'

async function setup(postgres: Server, kind: Kind) {
  const test = await emptyDatabase(postgres)
  await test.query('create table items (id int primary key, parent int references items deferrable initially deferred)')
  const { pool, db } = test
  const runner: Runner =
    kind === 'pool'
      ? {
          transaction: (work, options) =>
            postgresInbox({ pool }).transaction((tx: ClientBase) => work((text) => tx.query(text)), options),
        }
      : {
          transaction: (work, options) =>
            postgresInbox({ db }).transaction((tx) => work((text) => sql.raw(text).execute(tx)), options),
        }
  return {
    test,
    runner,
    count: async () => (await test.query('select * from items')).length,
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  }
}

onServer(server, { it }, (postgres) => {
  describe.each<Kind>(['pool', 'db'])('a transaction of a %s', (kind) => {
    it('is rolled back when its work rejects, with what it rejects with', async () => {
      await using test = await setup(postgres, kind)
      const failing = test.runner.transaction(async (run) => {
        await run('insert into items values (1)')
        throw new RangeError('no')
      })
      await expect(failing).rejects.toThrow(RangeError)
      expect(await test.count()).toBe(0)
    })

    it('says so when an error was caught in it and nothing was committed', async () => {
      await using test = await setup(postgres, kind)
      const swallowing = test.runner.transaction(async (run) => {
        await run('insert into items values (1)')
        await run('select 1 / 0').catch(() => undefined)
      })
      await expect(swallowing).rejects.toMatchObject({ code: 'TRANSACTION_REQUIRED', retryable: false })
      expect(await test.count()).toBe(0)
      await test.runner.transaction((run) => run('insert into items values (1)'))
      expect(await test.count()).toBe(1)
    })

    it('names the failure of a commit', async () => {
      await using test = await setup(postgres, kind)
      const failing = test.runner.transaction((run) => run('insert into items values (1, 2)'))
      await expect(failing).rejects.toMatchObject({ code: 'STORAGE_UNKNOWN' })
      expect(await test.count()).toBe(0)
    })

    it('has the isolation that was asked for', async () => {
      await using test = await setup(postgres, kind)
      const race = async (isolation: TransactionOptions['isolation']) => {
        const increase = async (run: (text: string) => Promise<unknown>) => {
          await run('select * from items')
          await test.test.query('update items set parent = null')
          await run('update items set parent = null')
        }
        await test.runner.transaction(increase, isolation === undefined ? {} : { isolation })
      }
      await test.test.query('insert into items values (1)')
      await race(undefined)
      await race('read committed')
      for (const isolation of ['repeatable read', 'serializable'] as const) {
        await expect(race(isolation)).rejects.toMatchObject({ code: '40001' })
      }
    })

    it('is given up when told, and what its work still does is refused', async () => {
      await using test = await setup(postgres, kind)
      const controller = new AbortController()
      const [goesOn, late] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()]
      const transaction = test.runner.transaction(
        async (run) => {
          await run('insert into items values (1)')
          controller.abort(new Error('shutting down'))
          await goesOn.promise
          late.resolve(await run('insert into items values (2)').catch((error: unknown) => error))
        },
        { signal: controller.signal },
      )
      await expect(transaction).rejects.toThrow('shutting down')
      goesOn.resolve()
      expect(await late.promise).toBeInstanceOf(Error)
      expect(await test.count()).toBe(0)
      await expect(test.runner.transaction(async () => 1, { signal: controller.signal })).rejects.toThrow(
        'shutting down',
      )
    })

    it('commits nothing that its work sends while it is rolled back', async () => {
      await using test = await setup(postgres, kind)
      const controller = new AbortController()
      const { promise: sent, resolve } = Promise.withResolvers<readonly Promise<unknown>[]>()
      const transaction = test.runner.transaction(
        async (run) => {
          await run('insert into items values (1)')
          controller.abort(new Error('shutting down'))
          const writes: Promise<unknown>[] = []
          // One a turn of the event loop: some fall between the rollback and its answer.
          for (let id = 2; id < 30; id++) {
            writes.push(run(`insert into items values (${id})`).catch((error: unknown) => error))
            await turn()
          }
          resolve(writes)
        },
        { signal: controller.signal },
      )
      await expect(transaction).rejects.toThrow('shutting down')
      const outcomes = await Promise.all(await sent)
      expect(outcomes.at(-1)).toBeInstanceOf(Error)
      expect(await test.count()).toBe(0)
    })

    it('leaves no connection behind when the server ends it', async () => {
      await using test = await setup(postgres, kind)
      const cut = test.runner.transaction((run) => run('select pg_terminate_backend(pg_backend_pid())'))
      await expect(cut).rejects.toThrow()
      await Promise.all(
        Array.from({ length: 30 }, (_, id) =>
          test.runner.transaction((run) => run(`insert into items values (${id})`)),
        ),
      )
      expect(await test.count()).toBe(30)
    })
  })
})
