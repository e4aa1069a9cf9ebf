// What KeckProvider does when its document was replaced, with a WebSocket that says so at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { KeckProvider } from '../dist/index.js'

/** A server whose document has the epoch 7: a copy of any other is closed with 4409. */
const sockets = opened => class {
  constructor (url) {
    this.readyState = 0
    const epoch = new URL(url).searchParams.get('epoch')
    opened.push(epoch)
    setTimeout(() => {
      if (epoch !== '' && epoch !== '7') this.onclose({ code: 4409, reason: '7' })
      else this.onopen?.()
    })
  }

  send () {}
  close () {}
}

const open = (options, opened) => {
  const doc = new Y.Doc()
  const provider = new KeckProvider('ws://localhost/collaboration', 'doc', doc, {
    connect: false, disableBc: true, WebSocketPolyfill: sockets(opened), ...options
  })
  doc.getText('t').insert(0, 'unsaved')
  provider.epoch = '3'
  return { doc, provider }
}

/** Awareness checks its states every few seconds until its document ends. */
const end = (provider, doc) => {
  provider.destroy()
  doc.destroy()
  provider.doc.destroy()
}

const heard = (provider, event) => new Promise(resolve => provider.once(event, resolve))

test('a document that cannot be kept is not replaced', async () => {
  const opened = []
  const { doc, provider } = open({ replacedStore: { put: async () => { throw new Error('full') } } }, opened)
  const closed = heard(provider, 'closed')
  provider.connect()
  provider.connect() // by an application that is impatient
  const { code, reason } = await closed
  assert.equal(code, 4409)
  assert.match(reason, /could not be kept.*full/)
  assert.equal(provider.doc, doc)
  doc.getText('t').insert(7, ' too')
  assert.equal(provider.unsaved.length, 2)
  assert.deepEqual(opened, ['3'])
  end(provider, doc)
})

test('a kept document is replaced once, although the application connects again meanwhile', async () => {
  const opened = []
  const kept = []
  let release
  const put = async replaced => {
    kept.push(replaced)
    await new Promise(resolve => { release = resolve })
  }
  const { doc, provider } = open({ replacedStore: { put } }, opened)
  provider.connect()
  while (release === undefined) await new Promise(setImmediate)
  provider.connect()
  doc.getText('t').insert(7, ', typed meanwhile')
  release()
  while (provider.doc === doc || provider.status !== 'connected') await new Promise(setImmediate)
  assert.deepEqual(opened, ['3', '7'])
  assert.equal(kept.length, 1)
  const copy = new Y.Doc()
  Y.applyUpdate(copy, kept[0].update)
  assert.equal(copy.getText('t').toString(), 'unsaved')
  assert.equal(provider.pending.oldDoc.getText('t').toString(), 'unsaved, typed meanwhile')
  assert.equal(provider.pending.unsaved.inserted.size, 1)
  end(provider, doc)
})
