import { mysqlMigrationSql } from '@waybill/mysql'
import { postgresMigrationSql } from '@waybill/postgres'
import { sqliteMigrationSql } from '@waybill/sqlite'

const databases = [
  { name: 'PostgreSQL', print: postgresMigrationSql, called: 'postgresMigrationSql()' },
  { name: 'MySQL and MariaDB', print: mysqlMigrationSql, called: 'mysqlMigrationSql()' },
  { name: 'SQLite', print: sqliteMigrationSql, called: 'sqliteMigrationSql()' },
] as const

/** The tables as this build makes them, by the functions that users call to print them. */
export function schemaReference(): string {
  const sections = databases.map(({ name, print, called }) =>
    [
      `## ${name}`,
      `What \`${called}\` answers, with a line for each column:`,
      `\`\`\`sql\n${print('up')
        .trimEnd()
        .replaceAll(/^create table .*$/gm, spread)}\n\`\`\``,
      `To remove everything, messages included, \`${called.replace('()', "('down')")}\`:`,
      `\`\`\`sql\n${print('down').trimEnd()}\n\`\`\``,
    ].join('\n\n'),
  )
  return sections.join('\n\n')
}

/** A line for each column and constraint of a statement that makes a table. */
function spread(statement: string): string {
  let depth = 0
  let quoted = false
  const broken = [...statement].map((character) => {
    if (character === "'") quoted = !quoted
    if (quoted) return character
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (character === '(' && depth === 1) return '(\n  '
    return character === ',' && depth === 1 ? ',\n ' : character
  })
  return broken.join('')
}
