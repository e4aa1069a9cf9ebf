// Unsaved edits of a replaced document, applied to the new one. A failure prints its seed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { beyond, Memory, ofUpdates, reapply } from '../dist/index.js'

const RUNS = Number(process.env.RUNS ?? 500)
const SEED = Number(process.env.SEED ?? 1)

/** Numbers that a seed determines (mulberry32). */
const random = seed => {
  let state = seed >>> 0
  const next = () => {
    state = state + 0x6D2B79F5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
  return { below: n => Math.floor(next() * n), chance: p => next() < p, of: list => list[Math.floor(next() * list.length)] }
}

const WORDS = ['alpha ', 'beta ', 'gamma ', 'delta ', 'epsilon ', 'zeta ', 'eta ', 'theta ', 'iota ', 'kappa ', 'lambda ']
const KEYS = ['a', 'b', 'c', 'd']

const roots = doc => ({ text: doc.getText('text'), map: doc.getMap('map'), list: doc.getArray('list'), xml: doc.getXmlFragment('xml') })

const paragraph = text => {
  const element = new Y.XmlElement('paragraph')
  element.insert(0, [new Y.XmlText(text)])
  return element
}

const fill = (doc, rnd) => doc.transact(() => {
  const { text, map, list, xml } = roots(doc)
  for (let i = 0; i < 12; i++) text.insert(text.length, rnd.of(WORDS) + i + ' ', rnd.chance(0.3) ? { bold: true } : {})
  KEYS.forEach((key, i) => { if (rnd.chance(0.7)) map.set(key, i) })
  const nested = new Y.Map()
  nested.set('title', 'nested')
  nested.set('body', new Y.Text('the body of the nested one'))
  map.set('nested', nested)
  for (let i = 0; i < 5; i++) list.push([i])
  for (let i = 0; i < 3; i++) xml.push([paragraph(`paragraph ${i} has some text`)])
})

/** A random edit. Text that it inserts has the mark, so that it can be looked for. */
const edit = (doc, rnd, mark) => {
  const { text, map, list, xml } = roots(doc)
  const inText = t => {
    const at = rnd.below(t.length + 1)
    if (rnd.chance(0.55) || t.length === 0) t.insert(at, mark, rnd.chance(0.3) ? { italic: true } : undefined)
    else if (rnd.chance(0.6)) t.delete(Math.min(at, t.length - 1), Math.min(1 + rnd.below(4), t.length - Math.min(at, t.length - 1)))
    else t.format(Math.min(at, t.length - 1), 1, { bold: rnd.chance(0.5) ? true : null })
  }
  const kind = rnd.below(8)
  if (kind < 3) inText(text)
  else if (kind === 3) rnd.chance(0.7) ? map.set(rnd.of(KEYS), mark) : map.delete(rnd.of(KEYS))
  else if (kind === 4) map.get('nested')?.set(rnd.of(KEYS), mark)
  else if (kind === 5) rnd.chance(0.6) || list.length === 0 ? list.insert(rnd.below(list.length + 1), [mark]) : list.delete(rnd.below(list.length), 1)
  else if (kind === 6) rnd.chance(0.6) || xml.length === 0 ? xml.insert(rnd.below(xml.length + 1), [paragraph(mark)]) : xml.delete(rnd.below(xml.length), 1)
  else if (xml.length > 0) {
    const element = xml.get(rnd.below(xml.length))
    if (rnd.chance(0.4)) element.setAttribute('level', mark)
    else if (element.length > 0) inText(element.get(0))
  }
}

const copyInto = (from, to) => to.transact(() => {
  const [old, fresh] = [roots(from), roots(to)]
  fresh.text.applyDelta(old.text.toDelta())
  for (const [key, value] of old.map.entries()) fresh.map.set(key, value instanceof Y.AbstractType ? value.clone() : value)
  fresh.list.push(old.list.toArray())
  fresh.xml.push(old.xml.toArray().map(node => node.clone()))
})

/** Parts of equal attributes are one: where Yjs divides them depends on edits that are long over. */
const joined = delta => delta.reduce((parts, part) => {
  const last = parts[parts.length - 1]
  if (last && JSON.stringify(last.attributes) === JSON.stringify(part.attributes)) last.insert += part.insert
  else parts.push({ ...part })
  return parts
}, [])

const shown = doc => {
  const { text, map, list, xml } = roots(doc)
  return { text: joined(text.toDelta()), map: map.toJSON(), list: list.toJSON(), xml: xml.toString() }
}

/** A page with unsaved edits of a document, while others edit it as well: what KeckProvider has at that moment. */
const page = rnd => {
  const server = new Y.Doc()
  server.clientID = 1
  fill(server, rnd)
  const doc = new Y.Doc()
  doc.clientID = 2
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(server), 'server')
  const snapshot = Y.snapshot(doc)
  const unsaved = []
  const memory = new Memory()
  doc.on('update', (update, origin) => { if (origin !== 'server') unsaved.push(update) })
  doc.on('afterTransaction', transaction => { if (transaction.origin !== 'server') memory.note(transaction) })
  return { server, doc, unsaved, memory, snapshot }
}

for (const remote of [false, true]) {
  test(`with equal content all edits find their place${remote ? ', others having edited meanwhile' : ''}`, () => {
    for (let seed = SEED; seed < SEED + RUNS; seed++) {
      const rnd = random(seed)
      const { server, doc, unsaved, memory } = page(rnd)
      for (let i = 0; i < 1 + rnd.below(8); i++) {
        edit(doc, rnd, `«${i}»`)
        if (remote && rnd.chance(0.4)) {
          // in text only: of maps and lists the server would show a mixture that neither side has seen
          server.getText('text').insert(rnd.below(server.getText('text').length), rnd.of(WORDS))
          Y.applyUpdate(doc, Y.encodeStateAsUpdate(server, Y.encodeStateVector(doc)), 'server')
        }
      }
      const next = new Y.Doc()
      copyInto(server, next)
      const before = Y.encodeStateAsUpdate(doc)
      const { leftOver } = reapply(doc, ofUpdates(unsaved), next, memory)
      assert.deepEqual(leftOver, [], `seed ${seed}`)
      assert.deepEqual(shown(next), shown(doc), `seed ${seed}`)
      assert.deepEqual(Y.encodeStateAsUpdate(doc), before, `seed ${seed}: the old document changed`)
    }
  })
}

test('with other content each insertion has found a place or is left over', () => {
  let applied = 0
  let left = 0
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const rnd = random(seed)
    const { server, doc, unsaved, memory } = page(rnd)
    const next = new Y.Doc()
    if (rnd.chance(0.8)) copyInto(server, next)
    for (let i = 0; i < rnd.below(12); i++) edit(next, rnd, `other${i} `)
    for (let i = 0; i < 1 + rnd.below(8); i++) edit(doc, rnd, `«${i}»`)
    const before = JSON.stringify(shown(doc))
    const result = reapply(doc, ofUpdates(unsaved), next, memory)
    applied += result.applied
    left += result.leftOver.length
    const found = JSON.stringify(shown(next)) + JSON.stringify(result.leftOver)
    // a mark that later edits have cut into pieces is no longer one string
    for (const [mark] of before.matchAll(/«\d»/g)) assert.ok(found.includes(mark), `seed ${seed}: ${mark} is lost`)
    assert.equal(JSON.stringify(shown(doc)), before)
  }
  assert.ok(applied > RUNS && left > RUNS / 2, `${applied} applied, ${left} left over: one of the two was not tried`)
})

test('after a reload the marks of the persistence tell what is unsaved', () => {
  for (let seed = SEED; seed < SEED + RUNS / 5; seed++) {
    const rnd = random(seed)
    const { server, doc, unsaved, snapshot } = page(rnd)
    for (let i = 0; i < 5; i++) roots(doc).text.insert(rnd.below(50), `«${i}»`)
    roots(doc).list.delete(rnd.below(4), 1)
    assert.deepEqual(beyond(doc, snapshot), ofUpdates(unsaved))
    const next = new Y.Doc()
    copyInto(server, next)
    assert.deepEqual(reapply(doc, beyond(doc, snapshot), next).leftOver, [], `seed ${seed}`)
    assert.deepEqual(shown(next), shown(doc), `seed ${seed}`)
  }
})

test('a deletion is left over where the text is another one', () => {
  const { server, doc, unsaved } = page(random(7))
  doc.getText('text').delete(10, 20)
  const next = new Y.Doc()
  copyInto(server, next)
  next.getText('text').delete(0, 40)
  next.getText('text').insert(0, 'nothing of that is here, but as much as before')
  const before = next.getText('text').toString()
  const { leftOver } = reapply(doc, ofUpdates(unsaved), next)
  assert.equal(next.getText('text').toString(), before)
  assert.equal(leftOver[0].deleted, 20)
})

test('a key that somebody set there meanwhile keeps its value', () => {
  const { server, doc, unsaved, memory } = page(random(7))
  doc.getMap('map').set('a', 'mine')
  const next = new Y.Doc()
  copyInto(server, next)
  next.getMap('map').set('a', 'theirs')
  assert.deepEqual(reapply(doc, ofUpdates(unsaved), next, memory).leftOver,
    [{ path: ['map'], kind: 'map', key: 'a', inserted: 'mine' }])
  assert.equal(next.getMap('map').get('a'), 'theirs')
})
