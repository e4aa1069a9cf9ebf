// Stores documents with the real servers, for the tests of the import from them.
//
//   node stores.mjs hocuspocus-postgres URL COUNT SEED     a table documents(name, data), which must not exist yet
//   node stores.mjs hocuspocus-sqlite FILE COUNT SEED      with @hocuspocus/extension-sqlite, see below
//   node stores.mjs y-leveldb DIRECTORY COUNT SEED
//   node stores.mjs y-sweet URL COUNT SEED                 a running y-sweet, whose directory is the store
//
// Prints what a client of that server would load: a line of JSON for each document, with its name, its state vector, its
// deletions and its content. Three editors write each document, with formatting, nesting, subdocuments and deletions.
//
// The package lock leaves out @hocuspocus/extension-sqlite, because its driver has to be compiled: `npm install --no-save
// @hocuspocus/extension-sqlite@4.7.0` adds it.
import { Server } from '@hocuspocus/server'
import { Database } from '@hocuspocus/extension-database'
import { DocumentManager } from '@y-sweet/sdk'
import pg from 'pg'
import { LeveldbPersistence, getLevelUpdates } from 'y-leveldb'
import * as Y from 'yjs'
import { deep, ranges } from './unitform.mjs'

const ROOTS = { text: 'text', list: 'array', map: 'map', page: 'xmlFragment' }
const EDITORS = 3
const EDITS = 25

const [kind, target, count, seed] = process.argv.slice(2)

/** Mulberry32: the same documents for the same seed. */
const random = (state => () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
})(Number(seed) | 0)
const below = n => Math.floor(random() * n)
const pick = list => list[below(list.length)]
const word = () => pick(['one ', 'zwei ', 'trois ', '四 ', '🦜 ', 'línea\n'])

const value = () => pick([
  () => below(1000), () => word(), () => random() < 0.5, () => null, () => [1, { deep: word() }],
  () => Uint8Array.from([below(256), 7]), () => new Y.Map([['id', below(9)]]), () => Y.Array.from([word(), below(5)]),
  () => new Y.Text(word()), () => new Y.Doc({ guid: `sub-${below(1e9)}` })
])()

const edits = [
  doc => doc.getText('text').insert(below(doc.getText('text').length + 1), word()),
  doc => doc.getText('text').insert(0, word(), { bold: true, link: { href: word() } }),
  doc => {
    const text = doc.getText('text')
    if (text.length > 2) text.format(below(text.length - 1), 1 + below(2), { italic: pick([true, null]) })
  },
  doc => doc.getText('text').insertEmbed(0, { image: word() }),
  doc => {
    const text = doc.getText('text')
    if (text.length > 4) text.delete(below(text.length - 3), 3)
  },
  doc => doc.getArray('list').insert(below(doc.getArray('list').length + 1), [value(), below(9)]),
  doc => {
    const list = doc.getArray('list')
    if (list.length > 1) list.delete(below(list.length - 1), 1)
  },
  doc => doc.getMap('map').set(pick(['a', 'b', 'c']), value()),
  doc => doc.getMap('map').delete(pick(['a', 'b', 'c'])),
  doc => {
    const page = doc.getXmlFragment('page')
    const paragraph = new Y.XmlElement(pick(['paragraph', 'heading']))
    paragraph.setAttribute('level', word())
    const text = new Y.XmlText(word())
    text.format(0, 1, { strong: {} })
    paragraph.insert(0, [text, new Y.XmlElement('hardBreak')])
    page.insert(below(page.length + 1), [paragraph])
  }
]

/** The updates of three editors, who see each other's edits now and then. */
const written = () => {
  const docs = Array.from({ length: EDITORS }, () => {
    const doc = new Y.Doc()
    doc.clientID = 1 + below(2 ** 32 - 2)
    return doc
  })
  const updates = []
  docs.forEach(doc => doc.on('update', (update, origin) => { if (origin !== 'remote') updates.push(update) }))
  for (let i = 0; i < EDITS; i++) {
    const doc = pick(docs)
    pick(edits)(doc)
    if (random() < 0.3) Y.applyUpdate(doc, Y.encodeStateAsUpdate(pick(docs)), 'remote')
  }
  return updates
}

const name = i => pick([`doc-${i}`, `team/notes ${i}`, `Übersicht/${i}`])

/** What Yjs makes of these updates, without the clean-up of formats, which adds deletions of an editor's own. */
const shown = (name, ...updates) => {
  const doc = new Y.Doc()
  doc.on('afterTransaction', transaction => { transaction._needFormattingCleanup = false })
  updates.forEach(update => Y.applyUpdate(doc, update))
  return {
    name,
    sv: [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort(([a], [b]) => a - b),
    ds: ranges(Y.snapshot(doc).ds),
    content: deep(doc, ROOTS)
  }
}

/** Writes the documents through a Hocuspocus with that extension, as its clients would, and lets it store them. */
const throughHocuspocus = async extension => {
  const server = new Server({ quiet: true, stopOnSignals: false, debounce: 5, extensions: [extension] })
  await server.listen(0)
  for (let i = 0; i < Number(count); i++) {
    const connection = await server.hocuspocus.openDirectConnection(name(i))
    for (const update of written()) await connection.transact(doc => Y.applyUpdate(doc, update))
    await connection.disconnect()
  }
  await server.destroy()
}

const kinds = {
  'hocuspocus-postgres': async () => {
    const pool = new pg.Pool({ connectionString: target })
    await pool.query('CREATE TABLE documents (name varchar(255) PRIMARY KEY, data bytea NOT NULL)')
    await throughHocuspocus(new Database({
      fetch: async ({ documentName }) =>
        (await pool.query('SELECT data FROM documents WHERE name = $1', [documentName])).rows[0]?.data ?? null,
      store: async ({ documentName, state }) => {
        await pool.query(
          'INSERT INTO documents (name, data) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET data = $2',
          [documentName, state])
      }
    }))
    const { rows } = await pool.query('SELECT name, data FROM documents ORDER BY name')
    await pool.end()
    return rows.map(row => shown(row.name, row.data))
  },

  'hocuspocus-sqlite': async () => {
    const { SQLite } = await import('@hocuspocus/extension-sqlite')
    const { default: Driver } = await import('better-sqlite3')
    await throughHocuspocus(new SQLite({ database: target }))
    return new Driver(target).prepare('SELECT name, data FROM documents').all().map(row => shown(row.name, row.data))
  },

  /** Some updates are in tables, some in the log, some documents flushed into one update. */
  'y-leveldb': async () => {
    const store = new LeveldbPersistence(target)
    const names = Array.from({ length: Number(count) }, (_, i) => name(i))
    for (const [i, id] of names.entries()) {
      for (const update of written()) await store.storeUpdate(id, update)
      if (i % 5 === 1) await store.flushDocument(id)
      if (i === names.length >> 1) await store._transact(db => db.compactRange(['a'], ['zzzzz']))
    }
    const all = []
    for (const id of names) {
      all.push(shown(id, ...await store._transact(db => getLevelUpdates(db, id))))
    }
    await store.destroy()
    return all
  },

  'y-sweet': async () => {
    const manager = new DocumentManager(target)
    const all = []
    for (let i = 0; i < Number(count); i++) {
      const id = `doc-${i}`
      await manager.createDoc(id)
      const update = Y.mergeUpdates(written())
      try {
        await manager.updateDoc(id, update)
        all.push(shown(id, update))
      } catch (error) {
        console.error(`y-sweet refused ${id}: ${error.message}`)
      }
    }
    return all
  }
}

const lines = (await kinds[kind]()).map(document => JSON.stringify(document) + '\n')
// a pipe takes the text in pieces, and an exit before its end would cut it
process.stdout.write(lines.join(''), () => process.exit(0))
