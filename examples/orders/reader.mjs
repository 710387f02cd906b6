// Reads the same topic with KafkaJS: npm install kafkajs && node reader.mjs localhost:9092 orders
// Delivery is at least once: it drops what has the same source, type, subject, epoch and sequence.
import kafkajs from 'kafkajs'

const [servers = 'localhost:9092', topic = 'orders'] = process.argv.slice(2)
const kafka = new kafkajs.Kafka({ brokers: servers.split(','), logLevel: kafkajs.logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: 'reader.mjs' })
const seen = new Set()

await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachMessage: async ({ message }) => {
    const ce = (name) => message.headers[`ce_${name}`]?.toString()
    const place = ['source', 'type', 'subject', 'epoch', 'sequence'].map(ce).join(' ')
    if (seen.has(place)) return
    seen.add(place)
    console.log(JSON.stringify({ id: ce('id'), type: ce('type'), key: message.key.toString(), data: JSON.parse(message.value) }))
  },
})
