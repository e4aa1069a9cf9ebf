// One face for the engines that run in Node.
export async function engine (name) {
  return name === 'yjs' ? yjs(await import('yjs')) : ywasm(await import('ywasm'))
}

function face (doc, types, rest) {
  const [t, a, m] = types
  return { doc, t, a, m, ...rest }
}

function yjs (Y) {
  return {
    create (client, listener) {
      const doc = new Y.Doc()
      doc.clientID = client
      if (listener) {
        doc.on('update', (update, _origin, _doc, transaction) => {
          if (transaction.local) listener(update)
        })
      }
      return face(doc, [doc.getText('t'), doc.getArray('a'), doc.getMap('m')], { length: () => doc.getText('t').length })
    },
    free () {},
    apply: (x, update) => Y.applyUpdate(x.doc, update),
    encode: (x, vector) => Y.encodeStateAsUpdate(x.doc, vector),
    vector: x => Y.encodeStateVector(x.doc),
    merge: Y.mergeUpdates,
    diffUpdate: Y.diffUpdate,
    vectorOf: Y.encodeStateVectorFromUpdate
  }
}

function ywasm (W) {
  return {
    create (client, listener) {
      const doc = new W.YDoc({ clientID: client })
      let local = true
      if (listener) doc.onUpdate(update => { if (local) listener(update) })
      return face(doc, [doc.getText('t'), doc.getArray('a'), doc.getMap('m')], {
        remote: f => {
          local = false
          f()
          local = true
        }
      })
    },
    free: x => x.doc.free(),
    apply: (x, update) => x.remote(() => W.applyUpdate(x.doc, update)),
    encode: (x, vector) => W.encodeStateAsUpdate(x.doc, vector),
    vector: x => W.encodeStateVector(x.doc)
  }
}
