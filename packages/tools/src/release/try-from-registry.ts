import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sharedKafka, sharedPostgres } from '@waybill/conformance/containers'
import { runCommand } from '../command.ts'
import { type StageResult, singleCheck, total } from '../test/stage.ts'
import { installedVersion } from './installed-version.ts'

const fixture = new URL('../../fixtures/release/', import.meta.url)

/** What the README tells a user to install. */
const wanted = ['@waybill/core', '@waybill/postgres', '@waybill/kafka', 'pg', 'kysely', 'kafkajs', 'zod']

type PackageManager = 'npm' | 'pnpm'

interface Trial {
  readonly folder: string
  readonly registry: string
  readonly progress: (line: string) => void
}

/** Does as a user would who has read the README: an empty project, an install by name, a small program that runs. */
export async function tryFromRegistry(trial: Trial): Promise<StageResult> {
  const results: StageResult[] = []
  for (const manager of ['npm', 'pnpm'] as const) results.push(await tryWith(manager, trial))
  return total(results)
}

async function tryWith(manager: PackageManager, { folder: parent, registry, progress }: Trial): Promise<StageResult> {
  const folder = join(parent, `as-${manager}`)
  await mkdir(folder)
  await cp(fixture, folder, { recursive: true })
  await writeFile(join(folder, '.npmrc'), `registry=${registry}\n`)
  progress(`${manager}: installing ${wanted.slice(0, 3).join(' ')}`)
  const beside = ['typescript', '@types/node'].map((name) => `${name}@${installedVersion(name)}`)
  const installed = await runCommand(manager, [...installArguments(manager), ...wanted, '@types/pg', ...beside], {
    cwd: folder,
  })
  if (!installed.ok) return singleCheck(false, `${manager} could not install from the registry\n${installed.output}`)
  const results = [singleCheck(true, '')]
  for (const resolution of ['nodenext', 'bundler']) {
    progress(`${manager}: compiling, module resolution ${resolution}`)
    const { ok, output } = await runCommand(
      join(folder, 'node_modules/.bin/tsc'),
      ['-p', `tsconfig.${resolution}.json`],
      {
        cwd: folder,
      },
    )
    results.push(singleCheck(ok, `${manager}: types do not resolve with ${resolution}\n${output}`))
  }
  progress(`${manager}: running`)
  results.push(await runSmokeTest(folder, manager))
  return total(results)
}

function installArguments(manager: PackageManager): readonly string[] {
  return manager === 'npm'
    ? ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    : // Packages that were published a minute ago are what is tried here.
      ['add', '--ignore-scripts', '--ignore-workspace', '--config.minimumReleaseAge=0']
}

async function runSmokeTest(folder: string, manager: PackageManager): Promise<StageResult> {
  const name = `${manager}: the smoke test on PostgreSQL and Kafka`
  const servers = [await sharedPostgres(), await sharedKafka()] as const
  const [postgres, kafka] = servers
  const missing = servers.find(({ available }) => !available)
  if (!postgres.available || !kafka.available) {
    const reason = missing?.available === false ? missing.reason : 'a server is missing'
    return { passed: 0, failed: 0, skipped: [{ name, reason }], output: '' }
  }
  const database = await postgres.createDatabase()
  try {
    const { ok, output } = await runCommand(process.execPath, ['nodenext/smoke.js'], {
      cwd: folder,
      timeoutMs: 90_000,
      env: { DATABASE_URL: database.url, KAFKA_BROKERS: new URL(kafka.url).host },
    })
    return singleCheck(ok, `${name} failed\n${output}`)
  } finally {
    await database.drop()
  }
}
