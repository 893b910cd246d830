import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** A line of a README's blocks of shell, without its comment. */
export interface ReadmeCommand {
  readonly text: string
  /** The script that it runs, of `node --run <script>`. */
  readonly script: string | undefined
}

/** The commands that the README of an example shows, in their order. */
export function readmeCommands(folder: string): readonly ReadmeCommand[] {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
  const lines = blocks.flatMap((block) => block.split('\n')).map((line) => line.replace(/\s+#.*$/, '').trim())
  return lines.filter((line) => line !== '').map((text) => ({ text, script: /^node --run (\w+)/.exec(text)?.[1] }))
}

/** A server of compose.yaml: how it is called there, and where it is found. */
export interface ComposedServer {
  readonly service: string
  readonly port: string
}

/** The servers that compose.yaml, at the top of the checkout, gives a port. */
export function composedServers(): readonly ComposedServer[] {
  const text = readFileSync(new URL('../../../compose.yaml', import.meta.url), 'utf8')
  const services = text.slice(text.indexOf('\nservices:')).split(/^ {2}(?=\w+:$)/m)
  return services.flatMap((lines) => {
    const service = /^(\w+):$/m.exec(lines)?.[1]
    const port = /ports: \["127\.0\.0\.1:(\d+):/.exec(lines)?.[1]
    return service === undefined || port === undefined ? [] : [{ service, port }]
  })
}

/** The variables of an example's compose.env, by which it finds the servers of compose.yaml. */
export function composedVariables(folder: string): Readonly<Record<string, string | undefined>> {
  return parseEnv(readFileSync(join(folder, 'compose.env'), 'utf8'))
}
