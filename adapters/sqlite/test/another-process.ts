import BetterSqlite3 from 'better-sqlite3'
import { plainInsert } from './database.ts'

/** Run as a process of its own: inserts one message into the file that it is given. */
const [file, id] = process.argv.slice(2)
if (file === undefined || id === undefined) throw new TypeError('Expected a file and an id')
const database = new BetterSqlite3(file)
plainInsert(database, id)
database.close()
