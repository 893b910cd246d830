/** Writes one step of a path into a value: `.total`, `[3]` or `["odd key"]`. */
export function pathSegment(key: PropertyKey): string {
  if (typeof key !== 'string') return `[${String(key)}]`
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}
