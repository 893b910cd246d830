import { find, read } from '../repository.ts'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly scripts?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifests = find('{packages,adapters}/*/package.json', 'conformance/package.json').map(
  (file) => JSON.parse(read(file)) as Manifest,
)
const published = manifests.filter((manifest) => manifest.private !== true)
const installable = new Set(
  published.flatMap(({ name, peerDependencies }) => [name, ...Object.keys(peerDependencies ?? {})]),
)
const scripts = (JSON.parse(read('package.json')) as Manifest).scripts ?? {}
/** What the tutorial test runs, whose commands need no other proof. */
const executed = new Set(
  find('docs/tutorial/*.md').flatMap((file) =>
    [...read(file).matchAll(/^```sh\n(.*?)^```$/gms)].flatMap((match) => commands(match[1] ?? '')),
  ),
)

/** A command of the docs installs packages that exist, runs a script that exists, or is run by the tutorial's test. */
export function problemsOfCommands(text: string): readonly string[] {
  return commands(text).flatMap((command) => {
    const [program = '', verb = '', ...rest] = command.split(/\s+/)
    if (program === 'npm' && verb === 'install') {
      return rest
        .filter((name) => !name.startsWith('-') && !installable.has(name) && !executed.has(command))
        .map((name) => `installs ${name}, which no package of ours asks for`)
    }
    const script = program === 'npm' ? (verb === 'run' ? rest[0] : verb) : undefined
    if (script !== undefined && script in scripts) return []
    return executed.has(command) ? [] : [`runs “${command}”, which nothing verifies`]
  })
}

export function commands(text: string): readonly string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')
}
