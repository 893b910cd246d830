import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type {
  ConsumerHarness,
  HarnessFactory,
  InboxHarness,
  PublisherHarness,
  StorageHarness,
} from '@waybill/conformance'
import { adapterFolders, workspaceRoot } from '../workspace.ts'

/** One factory for each contract that an adapter implements. */
export interface Harnesses {
  readonly storage?: HarnessFactory<StorageHarness<unknown>>
  readonly inbox?: HarnessFactory<InboxHarness<unknown>>
  readonly publisher?: HarnessFactory<PublisherHarness>
  readonly consumer?: HarnessFactory<ConsumerHarness>
  /** Starts the servers behind the harnesses, where there are any, and answers their versions by name. */
  versions?(): Promise<Readonly<Record<string, string>>>
}

/** What `test/harness.ts` of an adapter may export. */
export interface HarnessModule extends Harnesses {
  /** The same adapter on another server, or reached otherwise, by the name of its report. */
  readonly variants?: Readonly<Record<string, Harnesses>>
  /** Ends what the harnesses have started. */
  close?(): Promise<void>
}

/** An adapter of the workspace, or a variant of one, with its harnesses. */
export interface Adapter {
  readonly name: string
  /** Relative to the top folder. */
  readonly folder: string
  readonly harnesses: Harnesses
  close(): Promise<void>
}

/** The adapters that have harnesses, and their variants, by name. */
export async function loadAdapters(): Promise<ReadonlyMap<string, Adapter>> {
  const adapters = new Map<string, Adapter>()
  for (const folder of adapterFolders()) {
    const file = join(workspaceRoot, folder, 'test', 'harness.ts')
    if (!existsSync(file)) continue
    const { variants = {}, close, ...harnesses } = (await import(pathToFileURL(file).href)) as HarnessModule
    const adapter = { name: folder.slice(folder.lastIndexOf('/') + 1), folder, close: async () => close?.() }
    adapters.set(adapter.name, { ...adapter, harnesses })
    const servers = harnesses.versions === undefined ? {} : { versions: harnesses.versions }
    // Unless it says otherwise, a variant runs on the same servers.
    for (const [name, variant] of Object.entries(variants)) {
      adapters.set(name, { ...adapter, name, harnesses: { ...servers, ...variant } })
    }
  }
  return adapters
}
