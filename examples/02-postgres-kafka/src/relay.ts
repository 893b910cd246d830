import { stopOnSignals } from '@waybill/core'
import { migrate, pool } from './database.ts'
import { makeRelay } from './make-relay.ts'
import { storage } from './shop.ts'

// A relay in a process of its own. SIGTERM: it finishes what it is publishing, and frees its share for others.

await migrate()
const relay = makeRelay()
stopOnSignals([relay])
await relay.start()
console.log('relay: started')
// Rejects if the relay gives up, which ends the process with an error.
await relay.closed
await storage.close()
await pool.end()
console.log('relay: stopped')
