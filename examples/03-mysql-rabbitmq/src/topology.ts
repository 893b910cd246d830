import { connect } from 'amqplib'
import { config, names } from './config.ts'

// What whoever runs RabbitMQ makes, once. Services make nothing: a missing exchange is an outage that names it.

const connection = await connect(config.RABBITMQ_URL)
const channel = await connection.createConfirmChannel()

await channel.assertExchange(names.deadExchange, 'fanout', { durable: true })
await channel.assertQueue(names.deadQueue, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
await channel.bindQueue(names.deadQueue, names.deadExchange, '')

await channel.assertExchange(names.exchange('stock'), 'topic', { durable: true })
const queue = names.queue('stock', 'warehouse')
await channel.assertQueue(queue, {
  durable: true,
  arguments: {
    // Replicated. What is confirmed is on the disks of a majority.
    'x-queue-type': 'quorum',
    // A key keeps its order although several warehouses may run: one has the queue, the others wait to take over.
    'x-single-active-consumer': true,
    // Counts the processes that died with a message in hand; beyond, it is a dead letter.
    'x-delivery-limit': 20,
    'x-dead-letter-exchange': names.deadExchange,
    // Dead letters are confirmed too before they leave this queue, which asks for the overflow to be refused.
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  },
})
await channel.bindQueue(queue, names.exchange('stock'), '#')

await connection.close()
console.log(`topology: ${names.exchange('stock')} -> ${queue} -> ${names.deadQueue}`)
