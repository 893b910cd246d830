import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, it } from 'vitest'
import { classifySqliteError } from '../src/errors.ts'
import { sqliteStorage } from '../src/index.ts'
import { emptyDatabase, migratedDatabase, type TestDatabase } from './database.ts'

const insert = `insert into waybill_messages (id, topic, type, payload) values ('a', 'orders', 'order.placed', '{}')`

/** Each provokes a real error on a real file. */
const failures: Readonly<
  Record<string, { readonly fail: (test: TestDatabase) => void; readonly code: string; readonly retryable: boolean }>
> = {
  'a directory that is missing': {
    fail: (test) => new BetterSqlite3(join(dirname(test.file), 'none', 'orders.db')),
    code: 'STORAGE_MISSING',
    retryable: false,
  },
  'a file that is missing': {
    fail: (test) => new BetterSqlite3(join(dirname(test.file), 'none.db'), { fileMustExist: true }),
    code: 'STORAGE_MISSING',
    retryable: false,
  },
  'a directory in place of the file': {
    fail(test) {
      mkdirSync(join(dirname(test.file), 'folder'))
      new BetterSqlite3(join(dirname(test.file), 'folder'))
    },
    code: 'STORAGE_MISSING',
    retryable: false,
  },
  'a file that is no database': {
    fail(test) {
      const file = join(dirname(test.file), 'text.db')
      writeFileSync(file, 'this is not a database, and it is long enough to be looked at '.repeat(40))
      new BetterSqlite3(file).exec(insert)
    },
    code: 'STORAGE_UNSUPPORTED',
    retryable: false,
  },
  'a lock held by another connection': {
    fail(test) {
      test.connect().exec('begin immediate')
      const second = test.connect()
      second.pragma('busy_timeout = 0')
      second.exec(insert)
    },
    code: 'STORAGE_LOCKED',
    retryable: true,
  },
  'a write after a read that somebody has overtaken': {
    fail(test) {
      const reader = test.connect()
      reader.exec('begin')
      reader.prepare('select * from waybill_messages').all()
      test.connect().exec(insert)
      reader.exec(insert.replace("'a'", "'b'"))
    },
    code: 'STORAGE_CONFLICT',
    retryable: true,
  },
  'a connection that may not write': {
    fail: (test) => new BetterSqlite3(test.file, { readonly: true }).exec(insert),
    code: 'STORAGE_READ_ONLY',
    retryable: true,
  },
  'a database without room': {
    fail(test) {
      const database = test.connect()
      database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`)
      database.exec(insert.replace("'{}'", 'zeroblob(1000000)'))
    },
    code: 'STORAGE_FULL',
    retryable: true,
  },
  'tables that are missing': {
    fail: (test) => test.connect().exec(insert.replace('waybill_', 'another_')),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'a column that is missing': {
    fail: (test) => test.connect().exec(insert.replace('(id,', '(id, colour,').replace("('a',", "('a', 1,")),
    code: 'SCHEMA_STALE',
    retryable: false,
  },
  'an id that is known': {
    fail(test) {
      test.connect().exec(insert)
      test.connect().exec(insert)
    },
    code: 'DUPLICATE_MESSAGE',
    retryable: false,
  },
  'a row that breaks a rule of the table': {
    fail: (test) => test.connect().exec(insert.replace("'orders'", "''")),
    code: 'INVALID_MESSAGE',
    retryable: false,
  },
  'a connection that has been closed': {
    fail(test) {
      const database = new BetterSqlite3(test.file)
      database.close()
      database.exec(insert)
    },
    code: 'STORAGE_UNAVAILABLE',
    retryable: true,
  },
  'what no rule knows': {
    fail: (test) => test.connect().exec('selekt 1'),
    code: 'STORAGE_UNKNOWN',
    retryable: true,
  },
}

it.for(Object.entries(failures))('%s has a code of its own', async ([, { fail, code, retryable }]) => {
  await using test = migratedDatabase()
  let thrown: unknown
  try {
    fail(test)
  } catch (error) {
    thrown = error
  }
  expect(classifySqliteError(thrown)).toMatchObject({ code, retryable, cause: thrown })
})

it('leaves errors alone that are not of the driver', () => {
  const error = new RangeError('no')
  expect(classifySqliteError(error)).toBe(error)
  expect(classifySqliteError('text')).toBe('text')
})

it('says how to mend a schema that is missing', async () => {
  await using test = emptyDatabase()
  const storage = sqliteStorage({ db: test.kysely() })
  await expect(storage.join({ label: 'relay', leaseMs: 1000 })).rejects.toThrow(/migrateSqlite\(\)/)
  await storage.close()
})
