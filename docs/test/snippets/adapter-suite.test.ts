import { describePublisher, type PublisherHarness, type Report, summarize, verifyPublisher } from '@waybill/conformance'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { describe, expect, it } from 'vitest'

async function publisher(_rule: string): Promise<PublisherHarness> {
  const broker = memoryBroker()
  const opened = memoryPublisher({ broker })
  return {
    publisher: opened,
    topics: ['orders', 'mail'],
    read: async (topic) => broker.log.flatMap((record) => (record.topic === topic ? (record.message ?? []) : [])),
    close: () => opened.close(),
  }
}

// #region skip
describePublisher('pigeon', { describe, it }, publisher, {
  skip: [{ rule: 'publish/serves-several-topics', reason: 'a pigeon knows one way; https://example.com/issues/12' }],
})
// #endregion

it('the rules answer data, of which a report is made', async () => {
  // #region report
  const results = await verifyPublisher(publisher, { stress: 2 })
  const report: Report = {
    versions: { pigeon: '3.1' },
    results: summarize({ broker: 'pigeon', contract: 'publisher' }, results),
  }
  const failed = results.filter(({ result }) => result === 'failed')
  // #endregion
  expect(failed).toEqual([])
  expect(report.results.map(({ level, failed: count }) => [level, count])).toContainEqual(['required', 0])
})
