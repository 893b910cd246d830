/** A change of one file: `find` stands in it exactly once. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A rule taken out of the code. */
export interface Mutant {
  readonly name: string
  readonly edits: readonly Edit[]
}
