import type { Server, Unavailable } from '@waybill/conformance/containers'
import type { NoDatabase, RunDatabase } from './storage.ts'

/** A database of the run's own on a server that tests share. */
export async function databaseOn(server: Server | Unavailable): Promise<RunDatabase | NoDatabase> {
  if (!server.available) return { available: false, reason: server.reason }
  const { url, drop } = await server.createDatabase()
  return { available: true, server: `${server.name} ${server.version}`, address: url, drop }
}
