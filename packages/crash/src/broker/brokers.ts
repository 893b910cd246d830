import type { BrokerPublisher } from '@waybill/core/contracts'
import type { Broker, BrokerAddress, BrokerName, PublisherOpener } from './broker.ts'

interface BrokerKind {
  readonly start: (folder: string) => Promise<Broker>
  readonly open: PublisherOpener
}

/** @param folder - Of the run, for what the broker keeps. */
export async function startBroker(name: BrokerName, folder: string): Promise<Broker> {
  return await (await load(name)).start(folder)
}

export async function openPublisher(address: BrokerAddress, relay: string): Promise<BrokerPublisher> {
  return (await load(address.broker)).open(address, relay)
}

async function load(name: BrokerName): Promise<BrokerKind> {
  switch (name) {
    case 'log': {
      const [{ startLogBroker: start }, { logPublisher: open }] = await Promise.all([
        import('./log-broker.ts'),
        import('./log-publisher.ts'),
      ])
      return { start, open }
    }
  }
}
