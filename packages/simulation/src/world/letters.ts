import type { InboxDeadLetter } from '@waybill/core/contracts'
import type { MemoryDatabase } from '@waybill/memory'

/** A dead letter of a consumer as it stands in the memory database. */
type LetterRow = Pick<InboxDeadLetter, 'receipt' | 'reason'> & { readonly dueAt: number | null }

export function lettersIn(database: MemoryDatabase): readonly LetterRow[] {
  return [...database.read('waybill.inbox_dead_letters').values()] as readonly LetterRow[]
}
