import { stdout } from 'node:process'
import { createPool } from 'mysql2'
import { mysqlStorage } from '../src/index.ts'

// Joins as a relay, closes nothing, and has nothing else to do.
const pool = createPool(process.argv[2] ?? '')
const storage = mysqlStorage({ pool })
const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
await storage.claim(session, { limit: 1, maxBytes: 1, skipTopics: [], probeTopics: [] })
stdout.write('joined\n')
