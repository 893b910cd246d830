import { type Message, PermanentError } from '@waybill/core'
import type { PoolClient } from 'pg'
import { z } from 'zod'
import { outbox } from './database.ts'
import { messages, schemas } from './messages.ts'

/** A stage of the pipeline: what is done with a message of one type. */
export interface Stage {
  readonly queue: string
  /** Writes, and starts the next stage, in one transaction. */
  run(tx: PoolClient, message: Message): Promise<void>
}

export const stages: ReadonlyMap<string, Stage> = new Map([
  stage('document.submitted', async (tx, { documentId, text }) => {
    const lines = text.split('\n').map(parseLine)
    for (const { article, cents } of lines) {
      await tx.query('insert into lines values ($1, $2, $3)', [documentId, article, cents])
    }
    await outbox.enqueue(tx, 'document.extracted', { documentId, lines: lines.length })
  }),

  stage('document.extracted', async (tx, { documentId, lines }) => {
    const { rows } = await tx.query<{ count: number; cents: number }>(
      'select count(*)::int as count, sum(cents)::int as cents from lines where document_id = $1',
      [documentId],
    )
    const [{ count, cents } = { count: 0, cents: 0 }] = rows
    if (count !== lines) throw new PermanentError(`document ${documentId} has ${count} lines instead of ${lines}`)
    await tx.query('insert into totals values ($1, $2)', [documentId, cents])
    await outbox.enqueue(tx, 'document.priced', { documentId, cents })
  }),

  stage('document.priced', async (tx, { documentId, cents }) => {
    await tx.query('insert into postings (document_id, cents) values ($1, $2)', [documentId, cents])
  }),
])

function stage<Type extends keyof typeof schemas>(
  type: Type,
  work: (tx: PoolClient, payload: z.output<(typeof schemas)[Type]>) => Promise<void>,
): readonly [Type, Stage] {
  const queue = messages.definitions.get(type)?.topic ?? type
  const run: Stage['run'] = async (tx, { payload }) => {
    const { success, data, error } = schemas[type].safeParse(JSON.parse(new TextDecoder().decode(payload)))
    if (!success) throw new PermanentError(z.prettifyError(error))
    await work(tx, data as z.output<(typeof schemas)[Type]>)
  }
  return [type, { queue, run }]
}

function parseLine(line: string): { readonly article: string; readonly cents: number } {
  const [, count, article, cents] = /^(\d+) (\S+) (\d+)$/.exec(line) ?? []
  // Trying again would not help.
  if (article === undefined) throw new PermanentError(`'${line}' is no line of a document`)
  return { article, cents: Number(count) * Number(cents) }
}
