import { runRelay } from '../../src/relay/run-relay.ts'

// A relay that says of messages that they are published, and only then publishes them.

await runRelay(({ storage, publisher }) => ({
  publisher,
  storage: {
    ...storage,
    async markPublishing(session, tokens) {
      const marked = await storage.markPublishing(session, tokens)
      const held = tokens.filter((token) => !marked.lost.includes(token))
      await storage.settle(
        session,
        held.map((token) => ({ type: 'published', token })),
      )
      return marked
    },
  },
}))
