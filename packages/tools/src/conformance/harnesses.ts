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

/** What `test/harness.ts` of an adapter may export: one factory for each contract that the adapter implements. */
export interface HarnessModule {
  readonly storage?: HarnessFactory<StorageHarness<unknown>>
  readonly inbox?: HarnessFactory<InboxHarness<unknown>>
  readonly publisher?: HarnessFactory<PublisherHarness>
  readonly consumer?: HarnessFactory<ConsumerHarness>
}

/** An adapter of the workspace with its harnesses. */
export interface Adapter {
  readonly name: string
  /** Relative to the top folder. */
  readonly folder: string
  readonly harnesses: HarnessModule
}

/** The adapters that have harnesses, by name. */
export async function loadAdapters(): Promise<ReadonlyMap<string, Adapter>> {
  const adapters = new Map<string, Adapter>()
  for (const folder of adapterFolders()) {
    const file = join(workspaceRoot, folder, 'test', 'harness.ts')
    if (!existsSync(file)) continue
    const name = folder.slice(folder.lastIndexOf('/') + 1)
    adapters.set(name, { name, folder, harnesses: (await import(pathToFileURL(file).href)) as HarnessModule })
  }
  return adapters
}
