import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { array, type Bytes, concat, int8, int16, int32, int64, RequestReader, string } from './protocol.ts'

/** A produce request for one partition, as a broker finds it. */
export interface ProducedBatch {
  readonly partition: number
  readonly values: readonly string[]
}

/** What a broker does with a produce request. */
export interface ProduceScript {
  /** Called before anything is written; may wait. */
  readonly before?: () => void | Promise<void>
  /** Error codes of the protocol, by partition: nothing is written of these. */
  readonly errors?: Readonly<Record<number, number>>
  /** What is answered: after the writing, nothing at all with `hang`, a cut connection with `cut`; without some partitions with `omit`. */
  readonly reply?: 'hang' | 'cut' | { readonly omit: readonly number[] }
}

export type OnProduce = (nodeId: number, batches: readonly ProducedBatch[], nth: number) => ProduceScript

const apis = { produce: 0, metadata: 3, apiVersions: 18 } as const
/** Old versions, which every client knows and which are short: each from and to this one. */
const versions = { [apis.produce]: 3, [apis.metadata]: 1, [apis.apiVersions]: 1 } as const

/**
 * Brokers that keep to a script, over TCP, for failures that a real cluster shows only now and then. They know one topic `t`,
 * whose partitions are led as the test says at that moment; every batch that they take is in `log`.
 */
export class ScriptedCluster implements AsyncDisposable {
  readonly log: Map<number, string[]> = new Map()
  /** Which node leads each partition. */
  leaders: readonly number[]
  onProduce: OnProduce = () => ({})
  /** Produce requests so far, by node and partitions. */
  readonly requests: { readonly nodeId: number; readonly acks: number; readonly partitions: readonly number[] }[] = []
  readonly #servers = new Map<number, Server>()
  readonly #ports = new Map<number, number>()
  readonly #sockets = new Set<Socket>()

  static async start(nodeIds: readonly number[], leaders: readonly number[]): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(leaders)
    for (const nodeId of nodeIds) await cluster.#listen(nodeId)
    return cluster
  }

  private constructor(leaders: readonly number[]) {
    this.leaders = leaders
  }

  get addresses(): readonly string[] {
    return [...this.#ports.values()].map((port) => `127.0.0.1:${port}`)
  }

  /** The values that a partition holds. */
  valuesOf(partition: number): readonly string[] {
    return this.log.get(partition) ?? []
  }

  /** The node is gone; the others go on naming it as the leader. */
  async stopNode(nodeId: number): Promise<void> {
    const server = this.#servers.get(nodeId)
    this.#servers.delete(nodeId)
    for (const socket of this.#sockets) socket.destroy()
    server?.close()
    if (server !== undefined) await once(server, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    for (const server of this.#servers.values()) {
      server.close()
      await once(server, 'close')
    }
  }

  async #listen(nodeId: number): Promise<void> {
    const server = createServer((socket) => this.#serve(nodeId, socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#servers.set(nodeId, server)
    this.#ports.set(nodeId, Object(server.address()).port)
  }

  #serve(nodeId: number, socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
    let rest: Buffer = Buffer.alloc(0)
    // Answers leave in the order of the requests, as the protocol wants it.
    let turn: Promise<void> = Promise.resolve()
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data])
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const frame = rest.subarray(4, 4 + rest.readInt32BE(0))
        rest = rest.subarray(4 + frame.length)
        turn = turn.then(() => this.#answer(nodeId, socket, new RequestReader(frame)))
      }
    })
  }

  async #answer(nodeId: number, socket: Socket, request: RequestReader): Promise<void> {
    const body = await this.#bodyOf(nodeId, request)
    if (body === 'cut') socket.destroy()
    else if (body !== 'hang') socket.write(concat([int32(body.length + 4), int32(request.correlationId), body]))
  }

  async #bodyOf(nodeId: number, request: RequestReader): Promise<Bytes | 'cut' | 'hang'> {
    switch (request.apiKey) {
      case apis.apiVersions:
        return apiVersions(request.apiVersion)
      case apis.metadata:
        return this.#metadata()
      case apis.produce:
        return await this.#produce(nodeId, request)
      default:
        return 'cut'
    }
  }

  #metadata(): Bytes {
    const brokers = [...this.#ports].map(([id, port]) =>
      concat([int32(id), string('127.0.0.1'), int32(port), string(null)]),
    )
    const partitions = this.leaders.map((leader, partition) =>
      concat([int16(0), int32(partition), int32(leader), array([int32(leader)]), array([int32(leader)])]),
    )
    const topic = concat([int16(0), string('t'), int8(0), array(partitions)])
    const [controller = 0] = this.#ports.keys()
    return concat([array(brokers), int32(controller), array([topic])])
  }

  async #produce(nodeId: number, request: RequestReader): Promise<Bytes | 'cut' | 'hang'> {
    const acks = request.acks()
    const batches = request.producedBatches()
    this.requests.push({ nodeId, acks, partitions: batches.map(({ partition }) => partition) })
    const { before, errors = {}, reply } = this.onProduce(nodeId, batches, this.requests.length)
    await before?.()
    for (const { partition, values } of batches) {
      if (errors[partition] === undefined) this.log.set(partition, [...this.valuesOf(partition), ...values])
    }
    if (reply === 'cut' || reply === 'hang') return reply
    const answered = batches.filter(({ partition }) => !reply?.omit.includes(partition))
    const partitions = answered.map(({ partition }) =>
      concat([int32(partition), int16(errors[partition] ?? 0), int64(0n), int64(-1n)]),
    )
    return concat([array([concat([string('t'), array(partitions)])]), int32(0)])
  }
}

/** Versions above those that a broker knows are answered in the form of version 0, with an error. */
function apiVersions(requested: number): Bytes {
  const supported = Object.entries(versions).map(([key, version]) =>
    concat([int16(Number(key)), int16(key === String(apis.apiVersions) ? 0 : version), int16(version)]),
  )
  const unsupported = 35
  if (requested > versions[apis.apiVersions]) return concat([int16(unsupported), array(supported)])
  return concat([int16(0), array(supported), ...(requested > 0 ? [int32(0)] : [])])
}
