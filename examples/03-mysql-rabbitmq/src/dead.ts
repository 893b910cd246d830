import { connect } from 'amqplib'
import { config, names } from './config.ts'

// Shows the dead letters of the warehouse. With --redrive, gives them back to it.

const home = names.queue('stock', 'warehouse')
const redrive = process.argv.includes('--redrive')
const connection = await connect(config.RABBITMQ_URL)
const channel = await connection.createConfirmChannel()
const { messageCount } = await channel.checkQueue(names.deadQueue)
// What is sent to a queue that is not there would be lost.
await channel.checkQueue(home)
for (let seen = 0; seen < messageCount; seen++) {
  const letter = await channel.get(names.deadQueue)
  if (letter === false) break
  const { messageId, type } = letter.properties
  console.log(`dead: ${messageId} ${type} ${letter.content}`)
  if (!redrive) continue
  // Confirmed before it leaves the dead letters; should we die in between, it comes twice, which the inbox recognises.
  channel.sendToQueue(home, letter.content, { ...letter.properties, persistent: true })
  await channel.waitForConfirms()
  channel.ack(letter)
}
// What has not been acknowledged goes back to its place. Closing the connection alone could cut off the last acknowledgement.
await channel.close()
await connection.close()
console.log(redrive ? `redrive: ${messageCount} given back` : `dead: ${messageCount} in all`)
