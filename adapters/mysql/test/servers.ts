import { onServer, type Server, sharedMariadb, sharedMysql } from '@waybill/conformance/containers'
import { describe, it } from 'vitest'

/** Registers tests once for each server, or one skipped test in place of those whose server is not there. */
export async function onEachServer(register: (server: Server) => void): Promise<void> {
  for (const server of [await sharedMysql(), await sharedMariadb()]) {
    onServer(server, { it }, (available) =>
      describe(`on ${available.name} ${available.version}`, () => register(available)),
    )
  }
}
