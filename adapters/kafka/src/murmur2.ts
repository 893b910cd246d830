const seed = 0x9747b28c
const multiplier = 0x5bd1e995

/**
 * The hash by which Kafka's own (Java) producer places keys, so that producers of other kinds put a key into the same
 * partition. A 32-bit integer; `org.apache.kafka.common.utils.Utils.murmur2`.
 */
export function murmur2(data: Buffer): number {
  const { length } = data
  let hash = seed ^ length
  const whole = length & ~3
  for (let at = 0; at < whole; at += 4) {
    const chunk = Math.imul(data.readInt32LE(at), multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(chunk ^ (chunk >>> 24), multiplier)
  }
  if (whole < length) {
    for (let at = length - 1; at >= whole; at -= 1) hash ^= data.readUInt8(at) << (8 * (at - whole))
    hash = Math.imul(hash, multiplier)
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** The partition of a key, as Kafka's default partitioner has it. */
export function partitionOf(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
