import type { ConsumerHarness } from '../consumer/harness.ts'
import type { InboxHarness } from '../inbox/harness.ts'
import type { OpaqueTransaction } from '../transaction.ts'

/** An inbox and a broker, both empty, to be joined by consumers. */
export interface EffectsHarness<Tx> extends ConsumerHarness, InboxHarness<Tx> {}

/** What effects rules see. */
export type AnyEffectsHarness = EffectsHarness<OpaqueTransaction>
