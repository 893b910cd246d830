import { expect, it } from 'vitest'
import { onServer, type Server, sharedPostgres } from '../../src/containers/index.ts'

const servers = await Promise.all([sharedPostgres(), sharedPostgres(), sharedPostgres()])

onServer(servers[0], { it }, (server: Server) => {
  it('gives one server to all who ask at the same time', async () => {
    expect(servers.map((one) => one.available && one.url)).toEqual([server.url, server.url, server.url])
    expect(server.version).toMatch(/^\d+\.\d+$/)
  })
})
