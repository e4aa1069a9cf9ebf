// Stock Yjs clients and REST writers on one room, spread over the nodes. One line of JSON asks:
// {"nodes": ["127.0.0.1:3000", ...], "room": "r", "clients": 10, "writers": 10, "seconds": 60, "seed": 1}; one line answers:
// {"writes": n, "refused": n, "edits": n, "problems": ["..."]}: writes that were answered with 200, those that were refused, and
// edits of the clients. A problem is a 2xx that some client or node does not show at the end,
// clients that differ, or a block that is no nested shared type.
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

console.log = console.info = console.debug = console.warn = console.error
process.setMaxListeners(0)

const PATIENCE_MS = 60_000

const until = async (what, condition) => {
  const end = Date.now() + PATIENCE_MS
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const content = doc => ({
  map: doc.getMap('m').toJSON(),
  array: doc.getArray('a').toJSON(),
  text: doc.getText('t').toString(),
  blocks: doc.getMap('space:blocks').toJSON()
})

const run = async ({ nodes, room, clients, writers, seconds, seed }) => {
  let state = seed
  const int = n => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor(state / 4294967296 * n) }
  const problems = []
  const created = await fetch(`http://${nodes[0]}/api/block/${room}`, { method: 'POST' })
  if (created.status !== 200) throw new Error(`POST of the workspace: ${created.status}`)

  const providers = Array.from({ length: clients }, (_, i) => new WebsocketProvider(
    `ws://${nodes[i % nodes.length]}/collaboration`, room, new Y.Doc(),
    { WebSocketPolyfill: WebSocket, disableBc: true }))
  await until('the first sync', () => providers.every(p => p.synced))

  const end = Date.now() + seconds * 1000
  const done = { keys: new Map(), values: [], blocks: [] }
  let refused = 0
  let edits = 0
  const post = async (node, path, body) => {
    const answer = await fetch(`http://${node}/api/block/${room}${path}`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body)
    })
    const value = await answer.json().catch(() => null)
    if (answer.status === 200) return value
    refused++
    if (answer.status !== 503) problems.push(`POST ${path}: ${answer.status} ${JSON.stringify(value)}`)
    return null
  }

  const write = async i => {
    for (let n = 0; Date.now() < end; n++) {
      const node = nodes[int(nodes.length)]
      const name = `w${i}-${n}`
      switch ((i + n) % 3) {
        case 0: {
          const map = await post(node, '/map/m', { [name]: n })
          if (map !== null) {
            done.keys.set(name, n)
            if (map[name] !== n) problems.push(`the answer lacks ${name}`)
          }
          break
        }
        case 1: {
          const array = await post(node, '/array/a', { action: 'push', value: name })
          if (array !== null) {
            done.values.push(name)
            if (!array.includes(name)) problems.push(`the answer lacks ${name}`)
          }
          break
        }
        default: {
          const block = await post(node, `/${name}?flavour=text`, { n, title: name })
          if (block !== null) {
            done.blocks.push(name)
            if (block['prop:title'] !== name || block['sys:id'] !== name) problems.push(`the answer is not ${name}`)
            const other = await fetch(`http://${nodes[int(nodes.length)]}/api/block/${room}/${name}`)
            if (other.status !== 200) problems.push(`a node does not show ${name} after its 200: ${other.status}`)
          }
        }
      }
    }
  }
  const type = async (provider, i) => {
    for (let n = 0; Date.now() < end; n++) {
      const text = provider.doc.getText('t')
      text.insert(int(text.length + 1), String.fromCharCode(97 + i))
      edits++
      if (n % 5 === 0) {
        provider.doc.getMap('m').set(`c${i}-${n}`, n)
        edits++
      }
      await new Promise(resolve => setTimeout(resolve, 5 + int(20)))
    }
  }
  await Promise.all([
    ...Array.from({ length: writers }, (_, i) => write(i)),
    ...providers.map((provider, i) => type(provider, i))
  ])

  const equal = () => {
    const first = content(providers[0].doc)
    return providers.every(p => isDeepStrictEqual(content(p.doc), first))
  }
  const complete = doc => {
    const map = doc.getMap('m')
    const values = new Set(doc.getArray('a').toArray())
    const blocks = doc.getMap('space:blocks')
    return [
      ...[...done.keys].filter(([key, n]) => map.get(key) !== n).map(([key]) => `key ${key}`),
      ...done.values.filter(value => !values.has(value)).map(value => `value ${value}`),
      ...done.blocks.filter(id => !(blocks.get(id) instanceof Y.Map) ||
        !(blocks.get(id).get('sys:children') instanceof Y.Array)).map(id => `block ${id}`)
    ]
  }
  await until('what was answered with 200, on every client', () => providers.every(p => complete(p.doc).length === 0))
    .catch(() => providers.forEach((p, i) => complete(p.doc).slice(0, 3)
      .forEach(what => problems.push(`client ${i} lacks ${what}`))))
  await until('equal clients', equal).catch(e => problems.push(e.message))
  const values = providers[0].doc.getArray('a').toArray()
  if (values.length !== new Set(values).size) problems.push('a value is there twice')
  const json = content(providers[0].doc)
  for (const node of nodes) {
    const map = await (await fetch(`http://${node}/api/block/${room}/map/m`)).json()
    if (!isDeepStrictEqual(map, json.map)) problems.push(`${node} shows another map`)
    const array = await (await fetch(`http://${node}/api/block/${room}/array/a`)).json()
    if (!isDeepStrictEqual(array, json.array)) problems.push(`${node} shows another array`)
    const text = await (await fetch(`http://${node}/api/block/${room}/text/t`)).json()
    if (text !== json.text) problems.push(`${node} shows another text`)
  }
  providers.forEach(p => p.destroy())
  const writes = done.keys.size + done.values.length + done.blocks.length
  return { writes, refused, edits, problems: problems.slice(0, 20) }
}

createInterface({ input: process.stdin }).once('line', async line => {
  const answer = await run(JSON.parse(line)).catch(e => ({ writes: 0, refused: 0, edits: 0, problems: [String(e.stack)] }))
  process.stdout.write(JSON.stringify(answer) + '\n', () => process.exit(0))
})
