import { randomUUID } from 'node:crypto'
import type { Admin, Kafka } from 'kafkajs'
import { expect } from 'vitest'
import { z } from 'zod'

/** An answer as it stands in the topic. */
export interface LoggedAnswer {
  readonly messageId: string
  /** The id of the request. */
  readonly causationId: string
  readonly body: z.infer<typeof answerBody>
}

const answerBody = z.object({
  requestId: z.string(),
  customerId: z.string(),
  cents: z.int(),
  granted: z.boolean(),
  usedCents: z.int(),
})

/** Reads a topic from its beginning to where it ends now. */
export async function readLog(client: Kafka, admin: Admin, topic: string): Promise<readonly LoggedAnswer[]> {
  const ends = await admin.fetchTopicOffsets(topic)
  const total = ends.reduce((sum, { high }) => sum + Number(high), 0)
  const answers: LoggedAnswer[] = []
  if (total === 0) return answers
  const groupId = randomUUID()
  const consumer = client.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { value, headers } }) => {
      answers.push({
        messageId: String(headers?.['waybill-id']),
        causationId: String(headers?.['waybill-causation-id']),
        body: answerBody.parse(JSON.parse(String(value))),
      })
    },
  })
  await expect.poll(() => answers.length, { timeout: 60_000 }).toBe(total)
  await consumer.disconnect()
  await admin.deleteGroups([groupId])
  return answers
}
