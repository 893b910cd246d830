import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commands } from './check/commands.ts'
import { read } from './repository.ts'
import { includeSnippets } from './snippets.ts'

/** What a tutorial asks its reader to do, in its order. */
export type Step =
  | { readonly type: 'file'; readonly name: string; readonly text: string }
  | { readonly type: 'command'; readonly command: string }
  /** What the commands since the last output print to standard output. */
  | { readonly type: 'output'; readonly text: string }

/** Reads a page: blocks with a label are files, `sh` are commands, `text` is what they print. */
export function stepsOf(page: string): readonly Step[] {
  const blocks = includeSnippets(read(page)).matchAll(/^```(\w+)(?: \[([^\]\n]+)\])?\n(.*?)^```$/gms)
  return [...blocks].flatMap(([, language = '', name, text = '']): readonly Step[] => {
    if (name !== undefined) return [{ type: 'file', name, text }]
    if (language === 'sh') return commands(text).map((command) => ({ type: 'command', command }))
    return language === 'text' ? [{ type: 'output', text }] : []
  })
}

/** What the reader got where the page says what he gets. */
export interface Outcome {
  readonly expected: string
  readonly actual: string
}

interface Reader {
  readonly env: NodeJS.ProcessEnv
  /** Installs what `npm install` names, into a folder. @default npm does */
  readonly install?: (folder: string, packages: readonly string[]) => Promise<void>
}

/** Does what a page says, in an empty folder. Rejects when a command fails. */
export async function follow(page: string, reader: Reader): Promise<readonly Outcome[]> {
  const empty = mkdtempSync(join(tmpdir(), 'waybill-tutorial-'))
  try {
    return await followIn(empty, stepsOf(page), reader)
  } finally {
    rmSync(empty, { recursive: true, force: true })
  }
}

async function followIn(empty: string, steps: readonly Step[], { env, install }: Reader): Promise<readonly Outcome[]> {
  let folder = empty
  let printed = ''
  const outcomes: Outcome[] = []
  for (const step of steps) {
    if (step.type === 'file') writeFileSync(join(folder, step.name), step.text)
    else if (step.type === 'output') {
      outcomes.push({ expected: step.text, actual: printed })
      printed = ''
    } else if (step.command.startsWith('cd ')) folder = join(folder, step.command.slice('cd '.length))
    else if (step.command.startsWith('npm install ') && install !== undefined)
      await install(folder, step.command.split(/\s+/).slice(2))
    else {
      const output = await run(step.command, folder, env)
      printed += step.command.startsWith('npm ') ? '' : output
    }
  }
  return outcomes
}

function run(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(command, { cwd, env, shell: true, timeout: 300_000, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`“${command}” ended with ${code}:\n${output}${errors}`))
    })
  })
}
