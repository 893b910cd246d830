import { expect } from 'vitest'
import type { LoggedAnswer } from './answer-log.ts'
import type { Bank } from './bank.ts'

interface Request {
  readonly requestId: string
  readonly customerId: string
  readonly cents: number
}

interface Decision extends Request {
  readonly granted: boolean
  readonly usedCents: number
}

/** What each customer asks for, one after the other. Which of them are granted depends on their order. */
const wishes = [50_000, 40_000, 30_000, 10_000, 1]
const customers = Array.from({ length: 8 }, (_, index) => `c-${index}`)

export const requests: readonly Request[] = wishes.flatMap((cents, index) =>
  customers.map((customerId) => ({ requestId: `${customerId}-${index}`, customerId, cents })),
)
export const input: string = requests.map((request) => JSON.stringify(request)).join('\n')

/** What has to be decided: the third wish is too much, and so is the last. */
const truth: readonly Decision[] = requests.map((request, index) => {
  const wish = Math.floor(index / customers.length)
  const usedCents = [50_000, 90_000, 90_000, 100_000, 100_000][wish] ?? 0
  return { ...request, granted: wish !== 2 && wish !== 4, usedCents }
})

const byCustomer = <T extends Request>(decisions: readonly T[]) =>
  Object.groupBy(decisions, ({ customerId }) => customerId)

/** In the order in which they were written. */
export function decisionsOf(bank: Bank): Promise<Decision[]> {
  return bank.query<Decision>(
    `select request_id as "requestId", customer_id as "customerId", cents, granted, used_cents as "usedCents"
     from decisions order by number`,
  )
}

/**
 * Waits until everything is published, and expects that each request has one outcome and one answer, each customer's in their
 * order. Answers how many answers came more than once, which their ids tell.
 */
export async function expectAllOnce(bank: Bank): Promise<number> {
  const unpublished = () => bank.query(`select id from waybill_messages where status <> 'PUBLISHED'`)
  await expect.poll(unpublished, { timeout: 60_000 }).toEqual([])
  expect(byCustomer(await decisionsOf(bank))).toEqual(byCustomer(truth))
  const log = await bank.answers()
  const first = log.filter(({ messageId }, index) => log.findIndex((other) => other.messageId === messageId) === index)
  expect(byCustomer(first.map(({ body }) => body))).toEqual(byCustomer(truth))
  expectSame(log, first)
  expect(await bank.query('select key from waybill_inbox_dead_letters')).toEqual([])
  return log.length - first.length
}

/** An answer that comes again is the same, and says of what it is the answer. */
function expectSame(log: readonly LoggedAnswer[], first: readonly LoggedAnswer[]): void {
  for (const answer of log) {
    expect(answer).toEqual(first.find(({ messageId }) => messageId === answer.messageId))
    expect(answer.causationId).toBe(answer.body.requestId)
  }
}
