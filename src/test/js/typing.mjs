// Two stock y-websocket clients that type into one room, each a letter every 50 ms: node typing.mjs URL ROOM
//
// Says "ready" when both are in sync. A line on the input asks: "closes" for how often a connection ended so far, "seen" for how
// many letters both have, "stop" for the end. At the end it waits until both hold every letter that was typed, a minute at
// most, and says {"typed": n, "lost": n, "same": true, "closes": n}.
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const [url, room] = process.argv.slice(2)
let closes = 0
let typed = 0
const clients = ['a', 'b'].map(letter => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(url, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true })
  provider.on('connection-close', () => { closes++ })
  return { doc, provider, letter, text: doc.getText('t') }
})
await Promise.all(clients.map(({ provider }) => provider.synced || new Promise(resolve => provider.once('sync', resolve))))
const typing = setInterval(() => {
  for (const client of clients) {
    client.text.insert(client.text.length, client.letter)
    typed++
  }
}, 50)
console.log('ready')

const stop = async () => {
  clearInterval(typing)
  const until = Date.now() + 60_000
  while (clients.some(({ text }) => text.length < typed) && Date.now() < until) {
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const [one, other] = clients.map(({ text }) => text.toString())
  console.log(JSON.stringify({ typed, lost: typed - Math.min(one.length, other.length), same: one === other, closes }))
  process.exit(0)
}
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'closes') console.log(closes)
  if (line === 'seen') console.log(Math.min(...clients.map(({ text }) => text.length)))
  if (line === 'stop') await stop()
}
process.exit(1)
