import { type ChannelModel, connect, type Options, type SocketOptions } from 'amqplib'
import { plainError } from './errors.ts'

/**
 * How to reach RabbitMQ: an address with options of the socket (`ca`, `cert`, `key` and so on for TLS), or a function that
 * makes a connection of yours. Each publisher and each subscription has a connection of its own, since RabbitMQ blocks those
 * that publish when it is short of memory or disk.
 */
export type RabbitmqAccess =
  | {
      /** `amqp://user:password@host:5672/vhost` or `amqps://…`, or amqplib's options. */
      readonly url: string | Options.Connect
      readonly socket?: SocketOptions
    }
  | (() => Promise<ChannelModel>)

const connectTimeoutMs = 5000
/** Two of these without a word, and a connection is taken for dead. */
const heartbeatSeconds = 10
const closeTimeoutMs = 2000

/** Connects; rejects with what went wrong, without credentials. */
export async function openConnection(access: RabbitmqAccess): Promise<ChannelModel> {
  const model = typeof access === 'function' ? await access().catch(throwPlain) : await connectTo(access)
  // What happens to a connection is told to those who use it: by their channels' end.
  model.on('error', () => undefined)
  if (!('waitForConnect' in model)) return model
  await model.close()
  throw new Error('A connection with the recovery of amqplib was given: the adapter connects anew by itself')
}

/** Closes in good order; what does not answer is destroyed. */
export async function closeConnection(model: ChannelModel): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, closeTimeoutMs)
  // It rejects if it is closed already.
  await Promise.race([model.close().catch(() => undefined), late.promise])
  clearTimeout(timer)
  destroyConnection(model)
}

/** Ends a connection at once, with what has not left this process yet. */
export function destroyConnection(model: ChannelModel): void {
  const { connection } = model
  // amqplib has no other way: `close` waits for the server, and for what is to be sent before.
  const stream: unknown = 'stream' in connection ? connection.stream : undefined
  if (typeof stream === 'object' && stream !== null && 'destroy' in stream && typeof stream.destroy === 'function')
    // With an error, or amqplib would not notice before its next heartbeats.
    stream.destroy(new Error('The connection was dropped'))
}

async function connectTo({ url, socket }: Exclude<RabbitmqAccess, () => Promise<ChannelModel>>): Promise<ChannelModel> {
  const options = { heartbeat: heartbeatSeconds, ...(typeof url === 'string' ? parse(url) : url) }
  const connecting = connect(options, { timeout: connectTimeoutMs, noDelay: true, keepAlive: true, ...socket })
  return await inTime(connecting).catch((error: unknown) => {
    const { hostname = 'localhost', port = 'default', vhost = '/' } = options
    // amqplib does not say, for example, that it is the virtual host that is missing.
    const where = `${hostname}, port ${port}, virtual host '${vhost}'`
    throw new Error(`no connection to ${where}: ${plainError(error).message}`)
  })
}

/** A connection that ends in its handshake, as one through a proxy without a server behind it does, is never called back. */
async function inTime(connecting: Promise<ChannelModel>): Promise<ChannelModel> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error(`no answer within ${connectTimeoutMs} ms`))
    connecting.then(destroyConnection, () => undefined)
  }, connectTimeoutMs)
  try {
    return await Promise.race([connecting, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function throwPlain(error: unknown): never {
  throw plainError(error)
}

/** amqplib would read the same, and put `heartbeat` nowhere but into the URL. */
function parse(url: string): Options.Connect {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url)
  const numbers = ['heartbeat', 'frameMax', 'channelMax'] as const
  return {
    protocol: protocol.slice(0, -1),
    hostname: hostname.replace(/^\[|\]$/g, ''),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
    vhost: pathname.length > 1 ? decodeURIComponent(pathname.slice(1)) : '/',
    ...Object.fromEntries(
      numbers.flatMap((name) => (searchParams.has(name) ? [[name, Number(searchParams.get(name))]] : [])),
    ),
  }
}
