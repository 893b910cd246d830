import { sharedPostgres } from '@waybill/conformance/containers'
import { afterAll } from 'vitest'
import { dropDatabases } from './database.ts'

export { emptyDatabase, message, migratedDatabase, type TestDatabase } from './database.ts'

/** The server that all test files of a run share, or why there is none. */
export const server: Awaited<ReturnType<typeof sharedPostgres>> = await sharedPostgres()

afterAll(dropDatabases)
