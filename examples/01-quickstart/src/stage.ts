import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateSqlite } from '@waybill/sqlite'
import type { Kysely } from 'kysely'
import type { DemoArguments } from './arguments.ts'
import { Billing } from './billing.ts'
import { BrokerHost } from './broker.ts'
import {
  type BillingTables,
  createBillingTables,
  createShopTables,
  openBilling,
  openShop,
  type ShopTables,
} from './databases.ts'
import { messagesPerOrder } from './messages.ts'
import { seededRandom } from './random.ts'
import { Saboteur } from './saboteur.ts'
import { Shop } from './shop.ts'

/** How long the lanes of a killed relay stay its own. The default is 30 s; the demo would rather not wait for that. */
const leaseMs = 500

/** Everybody who takes part, and the two databases. */
export interface Stage {
  readonly folder: string
  readonly shopDatabase: Kysely<ShopTables>
  readonly billingDatabase: Kysely<BillingTables>
  readonly shop: Shop
  readonly broker: BrokerHost
  readonly saboteur: Saboteur
  readonly billing: Billing
}

export async function setUp({ orders, crashes, seed }: DemoArguments): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-quickstart-'))
  const shopFile = join(folder, 'shop.sqlite')
  const shopDatabase = openShop(shopFile)
  const billingDatabase = openBilling(join(folder, 'billing.sqlite'))
  await migrateSqlite(shopDatabase)
  await migrateSqlite(billingDatabase)
  await createShopTables(shopDatabase)
  await createBillingTables(billingDatabase)
  const broker = new BrokerHost()
  return {
    folder,
    shopDatabase,
    billingDatabase,
    broker,
    shop: new Shop(shopDatabase, seededRandom(seed)),
    saboteur: new Saboteur({ file: shopFile, leaseMs }, broker, {
      crashes,
      expectedMessages: orders * messagesPerOrder,
      random: seededRandom(seed + 1),
    }),
    billing: new Billing(billingDatabase, broker.broker),
  }
}

/** Safe to call when half of it has stopped already. */
export async function tearDown(stage: Stage, keepFolder: boolean): Promise<void> {
  await stage.saboteur.stop()
  await stage.billing.stop()
  await stage.shopDatabase.destroy()
  await stage.billingDatabase.destroy()
  if (!keepFolder) await rm(stage.folder, { recursive: true, force: true })
}
