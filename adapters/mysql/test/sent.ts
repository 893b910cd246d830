import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** The statements that the driver sends for this database while the work runs. */
export async function statementsOf(database: string, work: () => Promise<unknown>): Promise<readonly string[]> {
  const statements: string[] = []
  const listen = (message: unknown) => {
    const sent = message as { readonly query: string; readonly database: string }
    if (sent.database === database) statements.push(sent.query)
  }
  subscribe('tracing:mysql2:query:start', listen)
  await work().finally(() => unsubscribe('tracing:mysql2:query:start', listen))
  return statements
}
