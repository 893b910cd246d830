import { readFileSync } from 'node:fs'
import { postgresMigrationSql } from '@waybill/postgres'
import { expect, it } from 'vitest'

interface Connector {
  readonly config: Readonly<Record<string, string>>
}

it('the connector names columns that the table has', () => {
  const { config } = JSON.parse(readFileSync(new URL('./debezium.json', import.meta.url), 'utf8')) as Connector
  const [, table = ''] = /create table "waybill_messages" \((.*)$/m.exec(postgresMigrationSql()) ?? []
  const option = (name: string) => config[`transforms.outbox.${name}`] ?? ''
  const placed = option('table.fields.additional.placement')
    .split(',')
    .map((each) => each.split(':')[0] ?? '')
  const fields = ['table.field.event.id', 'table.field.event.key', 'table.field.event.payload', 'route.by.field']
  for (const column of [...fields.map(option), ...placed]) expect(table).toContain(`"${column}"`)
})
