import { stopOnSignals } from '@waybill/core'
import { makeRelay } from './make-relay.ts'
import { database, storage } from './sell.ts'

// The relay in a process of its own, beside a till with WAYBILL_RELAY_ENABLED=false.

const relay = makeRelay()
stopOnSignals([relay])
await relay.start()
console.log('relay: started')
await relay.closed
await storage.close()
database.close()
console.log('relay: stopped')
