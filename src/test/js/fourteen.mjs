// Documents that Yjs 14 (`@y/y`, one type for everything) and Yjs 13 edit together. Reads requests and writes answers, one
// JSON text a line: {"seed": n} makes a document, {"v1": .., "v2": ..} reads one; bytes are in base64.
import readline from 'node:readline'
import * as Y14 from '@y/y'
import * as Y13 from 'yjs'
import { random } from './history.mjs'

const ROOTS = ['', 'r']
const base64 = bytes => Buffer.from(bytes).toString('base64')
const bytes = text => new Uint8Array(Buffer.from(text, 'base64'))

const edit14 = (rng, doc) => {
  let type = doc.get(rng.pick(ROOTS))
  const elements = type.toArray().filter(child => child instanceof Y14.Type)
  const inside = elements.length > 0 && rng.chance(0.5)
  if (inside) type = rng.pick(elements)
  const at = rng.below(type.length + 1)
  switch (rng.below(6)) {
    case 0: case 1: return type.insert(at, rng.word())
    case 2: return type.insert(at, [new Y14.Type(rng.pick(['p', 'h1']))])
    case 3: return type.setAttr(rng.pick(['id', 'class']), rng.word())
    // formats in elements Yjs 13 does not print
    case 4: return !inside && type.length > at && type.format(at, 1, { [rng.pick(['b', 'i'])]: true })
    default: return type.length > at && type.delete(at, 1)
  }
}

const edit13 = (rng, doc) => {
  const text = doc.get(rng.pick(ROOTS), Y13.XmlText)
  const at = rng.below(text.length + 1)
  switch (rng.below(5)) {
    case 0: return text.insert(at, rng.word())
    case 1: return text.insert(at, rng.word(), { b: true })
    case 2: return text.insertEmbed(at, new Y13.XmlElement('hr'))
    case 3: return text.setAttribute(rng.pick(['id', 'class']), rng.word())
    default: return text.length > at && text.delete(at, 1)
  }
}

const state = (doc14, updates13) => {
  const doc13 = new Y13.Doc()
  doc13.on('afterTransaction', transaction => { transaction._needFormattingCleanup = false })
  updates13.forEach(update => Y13.applyUpdate(doc13, update))
  return ROOTS.map(name => {
    const text = doc13.get(name, Y13.XmlText)
    return {
      name,
      string14: doc14.get(name).toString(),
      attributes14: doc14.get(name).getAttrs(),
      text14: doc14.get(name).toArray().filter(child => typeof child === 'string').join(''),
      xml13: text.toString(),
      delta13: text.toDelta().map(({ insert, attributes = {} }) => ({ insert: insert.toString(), attributes }))
    }
  })
}

const make = seed => {
  const rng = random(seed, ['a', 'xy', 'é', '日本', ' '])
  const peers = [[Y14, edit14], [Y14, edit14], [Y13, edit13]].map(([Y, edit], i) => {
    const doc = new Y.Doc()
    doc.clientID = 100 + i
    return { Y, edit, doc, heard: 0 }
  })
  const updates = []
  peers.forEach(peer => peer.doc.on('update', (update, origin) => { if (origin !== 'remote') updates.push(update) }))
  const hear = peer => { while (peer.heard < updates.length) peer.Y.applyUpdate(peer.doc, updates[peer.heard++], 'remote') }
  for (let i = 0; i < 60; i++) {
    const peer = rng.pick(peers)
    if (rng.chance(0.6)) hear(peer)
    peer.edit(rng, peer.doc)
  }
  const doc14 = new Y14.Doc()
  updates.forEach(update => Y14.applyUpdate(doc14, update))
  return { updates: updates.map(base64), roots: state(doc14, updates), v1: base64(Y14.encodeStateAsUpdate(doc14)), v2: base64(Y14.encodeStateAsUpdateV2(doc14)) }
}

const read = ({ v1, v2 }) => {
  const doc = new Y14.Doc()
  const other = new Y14.Doc()
  Y14.applyUpdate(doc, bytes(v1))
  Y14.applyUpdateV2(other, bytes(v2))
  return { roots: state(doc, [bytes(v1)]), rootsV2: state(other, [bytes(v1)]) }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  process.stdout.write(JSON.stringify(request.seed === undefined ? read(request) : make(request.seed)) + '\n')
}
