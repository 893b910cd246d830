import { expect, it } from 'vitest'
import { murmur2, partitionOf } from './murmur2.ts'

/** From Kafka's own `UtilsTest.testMurmur2`. */
it.for([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
] as const)('hashes %s as Kafka does', ([key, hash]) => {
  expect(murmur2(Buffer.from(key))).toBe(hash)
})

it('chooses partitions as Kafka does, also for negative hashes and other views of memory', () => {
  const key = Buffer.concat([Buffer.from('..'), Buffer.from('21')]).subarray(2)
  expect(partitionOf(key, 10)).toBe((-973_932_308 & 0x7fffffff) % 10)
  expect(partitionOf(Buffer.alloc(0), 3)).toBeLessThan(3)
})
