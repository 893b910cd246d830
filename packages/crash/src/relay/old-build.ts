import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Imported before a relay's process: what we import of Waybill comes from another checkout, whose dependencies have been
// installed. What that checkout imports itself comes from there anyway.

const variable = 'WAYBILL_CRASH_OLD_BUILD'
const checkout = process.env[variable]
if (checkout === undefined) throw new Error(`${variable} must name the folder of the other checkout`)

const folders: Readonly<Record<string, string>> = {
  core: 'adapters/sqlite',
  postgres: 'adapters/postgres',
  mysql: 'adapters/mysql',
  sqlite: 'adapters/sqlite',
  kafka: 'adapters/kafka',
  rabbitmq: 'adapters/rabbitmq',
  'redis-streams': 'adapters/redis-streams',
}
/** This package. */
const ours = new URL('../../', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    const [, name] = /^@waybill\/([^/]+)/.exec(specifier) ?? []
    const folder = name === undefined ? undefined : folders[name]
    if (folder === undefined || !context.parentURL?.startsWith(ours)) return nextResolve(specifier, context)
    const parentURL = pathToFileURL(join(checkout, folder, 'package.json')).href
    return nextResolve(specifier, { ...context, parentURL })
  },
})
