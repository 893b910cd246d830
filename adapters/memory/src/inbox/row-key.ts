/** The key of a row that two texts identify: neither of them holds a NUL. */
export function rowKey(first: string, second: string): string {
  return `${first}\u0000${second}`
}
