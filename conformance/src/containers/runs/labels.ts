import { hostname } from 'node:os'

/** Every container of ours has all of these; one that lacks one of them is not ours. */
export const labels = {
  /** The kind of server, for example `postgres`. */
  server: 'waybill.server',
  /** The run that it belongs to. */
  run: 'waybill.run',
  /** The machine whose process numbers the run's name speaks of: an engine may serve several. */
  host: 'waybill.host',
  /** The port of this machine under which it is reached, in the same place after a restart. */
  port: 'waybill.port',
  /** `shared` by the whole run, or `own`. */
  use: 'waybill.use',
} as const

/** The filter, as Docker wants it, for containers of ours that this machine started. */
export function ours(more: readonly string[] = []): { readonly label: string[] } {
  const all = [labels.server, labels.run, labels.port, labels.use, `${labels.host}=${hostname()}`]
  return { label: [...all, ...more] }
}
