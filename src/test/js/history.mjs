// Random histories: several editors, each with a document of its own, edit everything Yjs has and hear of each other
// late and in part. The same seed gives the same history.
import * as Y from 'yjs'

/** mulberry32. */
export const random = (seed, words) => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = n => Math.floor(next() * n)
  const pick = list => list[below(list.length)]
  return { below, pick, chance: p => next() < p, word: () => pick(words) }
}

const ROOTS = { t: 'text', a: 'array', m: 'map', x: 'xmlFragment' }

const WORDS = ['a', 'xy', 'the quick ', 'é', '日本語', '😀', '👩‍👩‍👧', '\n', 'ÿĀ', ' ']

/**
 * Where an edit cuts a surrogate pair, Yjs turns both halves into U+FFFD. Without garbage collection that shows even when
 * both halves are deleted, and nobody who did not integrate the cut can know it: such documents get no pairs to cut.
 */
const wordsFor = gc => gc ? WORDS : WORDS.filter(word => !/[\ud800-\udfff]/.test(word))

const KEYS = ['k', 'title', 'é😀', '__proto__', '1', '']

/** As an element of an array: undefined and bigint only inside others. */
const value = rng => rng.pick([
  null, true, false, 0, -0, 1, -1, 63, 64, 2147483647, 2147483648, -2147483648, 0.5, 1e300, NaN, Infinity,
  [12345678901234567n, undefined], 'text', '', '😀', new Uint8Array([0, 255]), [], {}, [1, [2, { k: null }]], { a: { b: [undefined] } }
])

const jsonValue = rng => rng.pick([null, true, 1, 0.25, 'red', '😀', { a: [1, 2] }])

const newType = rng => rng.pick([
  () => new Y.Text(rng.word()),
  () => new Y.Array(),
  () => new Y.Map([['id', rng.below(100)]]),
  () => new Y.XmlElement(rng.pick(['p', 'div'])),
  () => new Y.XmlText(rng.word())
])()

/** A type, or a document inside this one. */
const newContent = rng => rng.chance(0.15)
  ? new Y.Doc({ guid: `doc ${rng.below(1e9)}`, autoLoad: rng.chance(0.2), meta: rng.pick([undefined, { title: 'é' }]) })
  : newType(rng)

const editText = (rng, text) => {
  const at = rng.below(text.length + 1)
  const span = Math.min(text.length - at, 1 + rng.below(4))
  switch (rng.below(8)) {
    case 0: case 1: case 2: return text.insert(at, rng.word())
    case 3: return text.insert(text.length, rng.word())
    case 4: case 5: return span > 0 && text.delete(at, span)
    case 6: return span > 0 && text.format(at, span, { [rng.pick(['b', 'i', 'color'])]: jsonValue(rng) })
    default: return text.insertEmbed(at, { image: rng.below(9) }, rng.chance(0.3) ? { b: true } : {})
  }
}

const editArray = (rng, array) => {
  const at = rng.below(array.length + 1)
  const span = Math.min(array.length - at, 1 + rng.below(3))
  switch (rng.below(6)) {
    case 0: case 1: return array.insert(at, Array.from({ length: 1 + rng.below(4) }, () => value(rng)))
    case 2: return array.push([value(rng)])
    case 3: return span > 0 && array.delete(at, span)
    case 4: return array.insert(at, [newContent(rng)])
    default: return array.insert(at, [new Uint8Array([rng.below(256)])])
  }
}

const editMap = (rng, map) => {
  const key = rng.pick(KEYS)
  switch (rng.below(5)) {
    case 0: return map.delete(key)
    case 1: return map.set(key, newContent(rng))
    case 2: return map.set(key, new Uint8Array([rng.below(256)]))
    default: return map.set(key, value(rng))
  }
}

const editXml = (rng, xml) => {
  const at = rng.below(xml.length + 1)
  const isElement = xml instanceof Y.XmlElement
  switch (rng.below(isElement ? 5 : 4)) {
    case 0: case 1: return xml.insert(at, [new Y.XmlElement(rng.pick(['p', 'h1']))])
    case 2: return xml.insert(at, [new Y.XmlText(rng.word())])
    case 3: return xml.length > at && xml.delete(at, 1)
    default: return xml.setAttribute(rng.pick(['id', 'class']), rng.word())
  }
}

const editType = (rng, type) => {
  if (type instanceof Y.Text) return editText(rng, type)
  if (type instanceof Y.Array) return editArray(rng, type)
  if (type instanceof Y.Map) return editMap(rng, type)
  return editXml(rng, type)
}

/** A root, or with some luck a type somewhere below it. */
const somewhere = (rng, doc) => {
  let type = rng.pick([doc.getText('t'), doc.getArray('a'), doc.getMap('m'), doc.getXmlFragment('x')])
  for (let depth = 0; depth < 3 && rng.chance(0.6); depth++) {
    const inside = type instanceof Y.Text ? [] : type instanceof Y.Map ? [...type.values()] : type.toArray()
    const types = inside.filter(child => child instanceof Y.AbstractType)
    if (types.length === 0) break
    type = rng.pick(types)
  }
  return type
}

/** Ids of every size that Yjs uses or accepts. */
const clientId = (rng, i) => rng.pick([i, 200 + i, rng.below(2 ** 32), 2 ** 32 + rng.below(2 ** 31), Number.MAX_SAFE_INTEGER - i])

/** One that edits a document of its own and tells of it; see `made`. */
class Editor {
  constructor (rng, gc, client) {
    this.rng = rng
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = client
    this.undo = new Y.UndoManager([this.doc.getText('t'), this.doc.getMap('m')], { captureTimeout: 0 })
    /** Updates nobody was told of yet. */
    this.made = []
    this.doc.on('update', (update, origin) => { if (origin !== 'remote') this.made.push(update) })
  }

  hear (updates) {
    for (const update of updates) Y.applyUpdate(this.doc, update, 'remote')
  }

  step () {
    const { rng, doc, undo } = this
    if (rng.chance(0.08)) return rng.chance(0.7) ? undo.undo() : undo.redo()
    const edits = rng.chance(0.2) ? 1 + rng.below(4) : 1
    doc.transact(() => {
      for (let i = 0; i < edits; i++) editType(rng, somewhere(rng, doc))
    })
  }

  tell () {
    return this.made.splice(0)
  }
}

/** An editor for a history of which others make a part: without pairs to cut, see wordsFor. */
export const editor = ({ seed, gc, client }) => new Editor(random(seed, wordsFor(false)), gc, client)

/** What an editor hears now of what is on its way: of those it is connected with, now and then late, twice or out of order. */
const hearable = (rng, editor) => {
  const near = editor.inbox.filter(({ from }) => from.group === editor.group)
  const heard = near.slice(0, rng.below(near.length + 1))
  if (rng.chance(0.15)) heard.sort(() => rng.below(3) - 1)
  const again = new Set(heard.filter(() => rng.chance(0.05)))
  editor.inbox = editor.inbox.filter(each => again.has(each) || !heard.includes(each))
  return heard.map(each => each.update)
}

/**
 * @return the updates in the order in which they were made, which is a causal one, and the kinds of the roots
 */
export const history = ({ seed, clients, steps, gc }) => {
  const rng = random(seed, wordsFor(gc))
  const updates = []
  const editors = Array.from({ length: clients }, (_, i) => new Editor(rng, gc, clientId(rng, i)))
  editors.forEach(editor => Object.assign(editor, { inbox: [], group: 0 }))
  for (let step = 0; step < steps; step++) {
    const editor = rng.pick(editors)
    if (rng.chance(0.05)) editors.forEach(each => { each.group = rng.below(2) })
    if (rng.chance(0.05)) editors.forEach(each => { each.group = 0 })
    if (rng.chance(0.4)) editor.hear(hearable(rng, editor))
    editor.step()
    for (const update of editor.tell()) {
      updates.push(update)
      editors.filter(other => other !== editor).forEach(other => other.inbox.push({ from: editor, update }))
    }
  }
  return { updates, roots: ROOTS }
}
