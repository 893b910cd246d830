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
      `What \`${called}\` answers:`,
      `\`\`\`sql\n${print('up').trimEnd()}\n\`\`\``,
      `To remove everything, messages included, \`${called.replace('()', "('down')")}\`:`,
      `\`\`\`sql\n${print('down').trimEnd()}\n\`\`\``,
    ].join('\n\n'),
  )
  return sections.join('\n\n')
}
