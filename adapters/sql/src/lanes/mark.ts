import type { Position } from '@waybill/core/lanes'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { Statement } from '../executor.ts'
import { type Template, template } from '../template.ts'

/** How a storage tells one server from another. */
export interface ServerIdentity {
  /** Differs between servers. */
  readonly name: RawBuilder<string>
  /** The name of the server of an epoch that goes on; `null` for one that is over. */
  of(epoch: string): string | null
}

export interface Mark {
  readonly relayId: string
  readonly window: readonly Position[]
  readonly epoch: string | undefined
}

type MarkOn = Mark & { readonly server: string | null }

/** The statement that writes a window; `null` where its rows were read in a history that is over. */
export function marks(context: SqlContext, server: ServerIdentity | undefined): (mark: Mark) => Statement | null {
  const anywhere = markTemplate(context)
  if (server === undefined) return (mark) => anywhere({ ...mark, server: null })
  const there = markTemplate(context, server.name)
  return (mark) => {
    if (mark.epoch === undefined) return anywhere({ ...mark, server: null })
    const name = server.of(mark.epoch)
    return name === null ? null : there({ ...mark, server: name })
  }
}

/** Writes the window on the server that its rows were read from, or nowhere: another one may never have had them. */
function markTemplate({ builder, dialect, table }: SqlContext, serverName?: RawBuilder<string>): Template<MarkOn> {
  return template((parameter) => {
    const set = {
      window_positions: parameter(({ window }) => JSON.stringify(window)),
      lease_until: sql<number>`${dialect.now} + lease_ms`,
    }
    const relay = builder
      .updateTable(table.relays)
      .set(set)
      .where(sql<boolean>`id = ${parameter(({ relayId }) => relayId)}`)
    if (serverName === undefined) return relay
    return relay.where(sql<boolean>`${serverName} = ${parameter(({ server }) => server)}`)
  })
}
