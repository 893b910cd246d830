import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { expect } from 'vitest'

/** A line of a README's blocks of shell, without its comment. */
type ReadmeCommand =
  /** Servers of compose.yaml, at the top of the checkout. */
  | { readonly kind: 'compose'; readonly text: string; readonly services: readonly string[] }
  /** A statement for a database of compose.yaml, by its own client. */
  | { readonly kind: 'sql'; readonly text: string; readonly service: string; readonly statement: string }
  /** A script that stays, in the background. */
  | { readonly kind: 'service'; readonly text: string; readonly script: string }
  | { readonly kind: 'other'; readonly text: string }

/** The commands that the README of an example shows, in their order. */
function readmeCommands(folder: string): readonly ReadmeCommand[] {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const lines = blocks.flatMap((block) => block.split('\n')).map((line) => line.replace(/\s+# .*$/, '').trim())
  return lines.filter((line) => line !== '').map(commandOf)
}

function commandOf(text: string): ReadmeCommand {
  const [, services] = /^docker compose up --wait (.+)$/.exec(text) ?? []
  if (services !== undefined) return { kind: 'compose', text, services: services.split(' ') }
  const [, service, statement] = /^docker compose exec (\w+) .* -[ce] "(.+)"$/.exec(text) ?? []
  if (service !== undefined && statement !== undefined) return { kind: 'sql', text, service, statement }
  const [, script] = /^node --run ([\w-]+) &$/.exec(text) ?? []
  return script === undefined ? { kind: 'other', text } : { kind: 'service', text, script }
}

/** Expects that compose.yaml has the servers, and that the example's compose.env says where they are. */
function expectComposed(folder: string, services: readonly string[]): void {
  const variables = Object.values(parseEnv(readFileSync(join(folder, 'compose.env'), 'utf8'))).join('\n')
  const compose = readFileSync(new URL('../../../compose.yaml', import.meta.url), 'utf8')
  for (const service of services) {
    const [, definition = ''] = new RegExp(`^ {2}${service}:\\n((?: {4}.*\\n|\\n)*)`, 'm').exec(compose) ?? []
    const [, port] = /ports: \["127\.0\.0\.1:(\d+):/.exec(definition) ?? []
    expect(port, `compose.yaml gives '${service}' a port`).toBeDefined()
    expect(variables).toContain(`127.0.0.1:${port}`)
  }
}

/** How a test does what a README says, with the servers that it has. */
export interface ReadmeActions {
  /** Variables for all other lines. */
  readonly env: Readonly<Record<string, string>>
  /** `node --run script &`, until it is ready. */
  service(script: string): Promise<unknown>
  /** A statement of a client that the README calls by docker. */
  sql(statement: string): Promise<unknown>
  /** Another line as the test needs it, for example with its port. */
  adapt?(line: string): string
}

/** Runs all commands of an example's README, one after the other; rejects with the first that fails. */
export async function followReadme(folder: string, actions: ReadmeActions): Promise<void> {
  for (const command of readmeCommands(folder)) {
    try {
      await follow(folder, command, actions)
    } catch (error) {
      throw new Error(`README: ${command.text}`, { cause: error })
    }
  }
}

async function follow(folder: string, command: ReadmeCommand, actions: ReadmeActions): Promise<void> {
  if (command.kind === 'compose') expectComposed(folder, command.services)
  else if (command.kind === 'service') await actions.service(command.script)
  else if (command.kind === 'sql') await actions.sql(command.statement)
  else await runInShell(folder, actions.adapt?.(command.text) ?? command.text, actions.env)
}

/** A README's first folder is the top of the checkout. */
async function runInShell(folder: string, line: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const cwd = line.startsWith('cd ') ? join(folder, '../..') : folder
  // The Node that runs the tests.
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
  await promisify(execFile)('sh', ['-c', line], { cwd, env: { ...process.env, ...variables, PATH: path } })
}
