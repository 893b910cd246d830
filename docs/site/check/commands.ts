import { find, isFolder, read } from '../repository.ts'

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
  return commands(text).flatMap((command) => (executed.has(command) ? [] : problemsOf(command)))
}

function problemsOf(command: string): readonly string[] {
  const [program = '', verb = '', ...rest] = command.split(/\s+/)
  if (program !== 'npm') return [`runs “${command}”, which nothing verifies`]
  if (verb === 'install') return problemsOfInstall(rest)
  if (verb === 'create' && installable.has(`create-${rest[0]}`)) return problemsOfCreate(rest)
  const script = verb === 'run' ? rest[0] : verb
  return script !== undefined && script in scripts ? [] : [`runs “${command}”, which nothing verifies`]
}

function problemsOfInstall(names: readonly string[]): readonly string[] {
  return names
    .filter((name) => !name.startsWith('-') && !installable.has(name))
    .map((name) => `installs ${name}, which no package of ours asks for`)
}

/** `npm create waybill-adapter <name> -- --kind <kind>`, of which the test of that package makes each kind. */
function problemsOfCreate([, name = '', separator, option, kind = '', ...more]: readonly string[]): readonly string[] {
  const isRight = separator === '--' && option === '--kind' && more.length === 0 && /^[a-z][a-z-]*$/.test(name)
  if (isRight && isFolder(`packages/create-adapter/templates/${kind}`)) return []
  return ['creates an adapter by arguments that are not understood']
}

export function commands(text: string): readonly string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')
}
