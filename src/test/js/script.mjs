// Plays what a test wrote down: several editors, each with a document of its own, edit it through the API. So the same
// steps can be taken by another engine, and every update must be the same to the byte.
//
// A step is {doc, op, ...}: an edit names its type by `path`, the root's name and kind and then keys and indexes; `group`
// holds steps of one transaction; `sync` brings what document `from` has; `undo` and `redo` ask the document's manager.
import * as Y from 'yjs'

const ROOTS = { t: Y.Text, a: Y.Array, m: Y.Map, x: Y.XmlFragment }

const NEW = {
  text: () => new Y.Text('new'),
  array: () => new Y.Array(),
  map: () => new Y.Map([['id', 1]]),
  xmlElement: () => new Y.XmlElement('p'),
  xmlText: () => new Y.XmlText('node'),
  doc: guid => new Y.Doc({ guid })
}

const find = (doc, [root, ...path]) => path.reduce((type, key) => type.get(key), doc.get(root, ROOTS[root]))

const value = v => v !== null && typeof v === 'object' && v.$ === 'bytes' ? Uint8Array.from(Buffer.from(v.v, 'hex')) : v

const edits = {
  insert: (type, { at, text, attributes }) => type.insert(at, text, attributes ?? undefined),
  embed: (type, { at, value, attributes }) => type.insertEmbed(at, value, attributes),
  delete: (type, { at, length }) => type.delete(at, length),
  format: (type, { at, length, attributes }) => type.format(at, length, attributes),
  delta: (type, { delta }) => type.applyDelta(delta),
  values: (type, { at, values }) => type.insert(at, values.map(value)),
  type: (type, { at, kind, guid }) => type.insert(at, [NEW[kind](guid)]),
  set: (type, { key, value: v }) => type.set(key, value(v)),
  setType: (type, { key, kind, guid }) => type.set(key, NEW[kind](guid)),
  unset: (type, { key }) => type.delete(key),
  attribute: (type, { key, value }) => type.setAttribute(key, value)
}

export const play = ({ gc, clients, steps, newDoc }) => {
  const updates = []
  const updatesV2 = []
  const docs = clients.map(client => {
    const doc = newDoc(gc)
    doc.clientID = client
    doc.on('update', update => updates.push(update))
    doc.on('updateV2', update => updatesV2.push(update))
    return doc
  })
  const roots = docs.map(doc => Object.keys(ROOTS).map(name => doc.get(name, ROOTS[name])))
  const undo = docs.map((doc, i) => new Y.UndoManager(roots[i], { captureTimeout: 0 }))
  const run = step => {
    const doc = docs[step.doc]
    switch (step.op) {
      case 'group': return doc.transact(() => step.steps.forEach(run))
      case 'sync': return Y.applyUpdate(doc, Y.encodeStateAsUpdate(docs[step.from], Y.encodeStateVector(doc)), 'remote')
      case 'undo': return undo[step.doc].undo()
      case 'redo': return undo[step.doc].redo()
      default: return edits[step.op](find(doc, step.path), step)
    }
  }
  steps.forEach(run)
  return { updates, updatesV2, docs }
}
