import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { titleOf } from '../site/markdown.ts'
import { apiPage, entryPoints } from '../site/packages.ts'
import { siteFolder } from '../site/repository.ts'

type Item = DefaultTheme.SidebarItem

export const navigation: DefaultTheme.NavItem[] = [
  { text: 'Tutorial', link: '/tutorial/first-outbox', activeMatch: '^/tutorial/' },
  { text: 'How-to', link: '/how-to/', activeMatch: '^/how-to/' },
  { text: 'Reference', link: '/reference/', activeMatch: '^/(reference|packages|errors|glossary)' },
  { text: 'Explanation', link: '/explanation/', activeMatch: '^/(explanation|architecture)/' },
  { text: 'Spec', link: '/spec/', activeMatch: '^/spec/' },
  { text: 'Conformance', link: '/conformance/', activeMatch: '^/conformance/' },
  { text: 'Decisions', link: '/decisions/', activeMatch: '^/decisions/' },
]

/** One list for the whole site: who looks for something sees where it could stand. */
export function sidebar(): Item[] {
  return [
    group('Tutorial', ['tutorial/first-outbox.md', 'tutorial/postgres-kafka.md'], false),
    group('How-to guides', howTo),
    group('Examples', folder('examples')),
    group('Reference', reference),
    group('Packages', folder('packages')),
    group('API', ['reference/api/index.md', ...entryPoints.map(apiPage)]),
    group('Explanation', explanation),
    group('Specification', folder('spec')),
    group('Conformance', folder('conformance')),
    group('Decisions', folder('decisions')),
  ]
}

const howTo = [
  'how-to/index.md',
  'how-to/postgresql.md',
  'how-to/mysql.md',
  'how-to/sqlite.md',
  'how-to/kafka.md',
  'how-to/rabbitmq.md',
  'how-to/redis-streams.md',
  'how-to/several-relays.md',
  'how-to/ordering.md',
  'how-to/consumer.md',
  'how-to/idempotent-consumer.md',
  'how-to/retries-and-dead-letters.md',
  'how-to/idempotent-commands.md',
  'how-to/transitions.md',
  'how-to/migrations.md',
  'how-to/retention.md',
  'how-to/from-dual-writes.md',
  'how-to/direct-mode.md',
  'how-to/from-pg-transactional-outbox.md',
  'how-to/plain-sql.md',
  'how-to/debezium.md',
  'how-to/deploy.md',
  'how-to/kubernetes.md',
  'how-to/write-an-adapter.md',
  'how-to/write-an-adapter-storage.md',
  'how-to/write-an-adapter-broker.md',
]

const reference = [
  'reference/index.md',
  'reference/options.md',
  'errors.md',
  'reference/messages.md',
  'reference/schema.md',
  'glossary.md',
]

const explanation = [
  'explanation/index.md',
  'architecture/guarantees.md',
  'architecture/leased-lanes.md',
  'architecture/relay.md',
  'architecture/consumer.md',
  'architecture/lifecycle.md',
  'explanation/compared-approaches.md',
  'explanation/compared-libraries.md',
  'architecture/index.md',
]

function group(text: string, pages: readonly string[], collapsed = true): Item {
  return { text, collapsed, items: pages.map(item) }
}

/** The pages of a folder, its index first. */
function folder(name: string): readonly string[] {
  const files = globSync(`${name}/*.md`, { cwd: siteFolder }).toSorted()
  return [
    ...files.filter((file) => basename(file) === 'index.md'),
    ...files.filter((file) => basename(file) !== 'index.md'),
  ]
}

function item(page: string): Item {
  const title = titleOf(readFileSync(join(siteFolder, page), 'utf8'))
  return { text: title, link: `/${page.replace(/(index)?\.md$/, '')}` }
}
