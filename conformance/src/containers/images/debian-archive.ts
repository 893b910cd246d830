import { command } from '../command.ts'

/** Where this machine gets Debian packages from, and how. */
export interface DebianArchive {
  /** For example the first URI of the machine's own sources. */
  readonly uri: string
  /** Settings of apt that reach it, as lines of an apt.conf. */
  readonly aptSettings: string
  /** Variables by which debootstrap reaches it. */
  readonly env: Readonly<Record<string, string>>
}

/** Reads the machine's apt configuration; undefined if none of its sources is a Debian archive. */
export async function findDebianArchive(): Promise<DebianArchive | undefined> {
  const uri = (await findUri()) ?? (await findUriAfterUpdate())
  if (uri === undefined) return undefined
  const keys = ['Acquire::http::Proxy', 'Acquire::https::Proxy', 'Acquire::Retries']
  const settings = await command('apt-config', ['dump', '--format', '%F "%v";%n', ...keys])
  return { uri, aptSettings: settings.stdout, env: proxiesIn(settings.stdout) }
}

async function findUri(): Promise<string | undefined> {
  const targets = await command('apt-get', ['indextargets', '--format', '$(ORIGIN)|$(LABEL)|$(REPO_URI)'])
  return archiveIn(targets.stdout)
}

/** apt knows whose archive a source is only once it has fetched its lists. */
async function findUriAfterUpdate(): Promise<string | undefined> {
  await command('apt-get', ['update'])
  return await findUri()
}

/** The archive among `origin|label|uri` lines, of which updates and security have other labels or the same URI. */
export function archiveIn(targets: string): string | undefined {
  const [, uri] = /^Debian\|Debian\|(\S+)$/m.exec(targets) ?? []
  return uri
}

/** What wget, which debootstrap uses, understands of apt's proxies. */
export function proxiesIn(aptSettings: string): Readonly<Record<string, string>> {
  const found = [...aptSettings.matchAll(/^Acquire::(https?)::Proxy:* "([^"]+)";$/gim)]
  return Object.fromEntries(
    found.filter(([, , proxy]) => proxy !== 'DIRECT').map(([, scheme = '', proxy = '']) => [`${scheme}_proxy`, proxy]),
  )
}
