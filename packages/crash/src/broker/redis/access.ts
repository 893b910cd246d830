export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly password: string
}

/** What a URL says, as options of ioredis. */
export function accessOf(url: string): RedisAddress {
  const { hostname, port, password } = new URL(url)
  return { host: hostname, port: Number(port), password: decodeURIComponent(password) }
}
