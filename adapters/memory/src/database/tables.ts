/** A change of one key: a new value, or none any more. */
export type Write = { readonly value: unknown } | null

/** The committed rows of the users' own tables and of the receipts. */
export class Tables {
  readonly #tables = new Map<string, Map<string, unknown>>()

  view(table: string): ReadonlyMap<string, unknown> {
    return this.#tables.get(table) ?? new Map()
  }

  /** Applies a change and answers how to take it back. */
  apply(table: string, key: string, write: Write): () => void {
    const rows = this.#tables.get(table) ?? new Map<string, unknown>()
    this.#tables.set(table, rows)
    const before: Write = rows.has(key) ? { value: rows.get(key) } : null
    if (write === null) rows.delete(key)
    else rows.set(key, write.value)
    return () => void this.apply(table, key, before)
  }
}
