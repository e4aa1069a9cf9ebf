// The real Yjs as a child process, for tests that ask what it makes of some bytes.
//
// A frame is its length in four bytes, high byte first, and then: the length of a JSON text, the text, and any number of
// blobs, each after its length. One frame asks (`{"requests": [...]}`), one frame answers (`{"answers": [...]}`). Updates
// are blobs; a request names them by index, an answer of a session too. `fail` stands in an answer where Yjs threw.
import * as decoding from 'lib0/decoding'
import * as Y from 'yjs'
import { editor, history } from './history.mjs'
import { play } from './script.mjs'
import { steps } from './steps.mjs'
import { deep, ranges, units } from './unitform.mjs'

// stdout belongs to the frames
console.log = console.info = console.debug = console.warn = console.error

/**
 * A document as a server would hold it: no root type is made beforehand, and the formatting clean-up is off, since it
 * is an editor's and would add deletions of its own.
 */
const serverDoc = gc => {
  const doc = new Y.Doc({ gc })
  doc.on('afterTransaction', transaction => { transaction._needFormattingCleanup = false })
  return doc
}

const stateOf = (doc, roots) => {
  const update = Y.encodeStateAsUpdate(doc)
  const clocks = Y.decodeStateVector(Y.encodeStateVector(doc))
  return {
    svJson: [...clocks].sort(([a], [b]) => a - b),
    ds: ranges(Y.snapshot(doc).ds),
    ...units(update),
    pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
    ...(roots === undefined ? {} : { deep: deep(doc, roots) })
  }
}

const push = (out, blob) => out.push(blob) - 1

const editors = new Map()

const operations = {
  /** How many items all walks of integration pass while a new document takes these updates in, one after the other. */
  steps: ({ updates }, blobs) => steps(updates.map(index => blobs[index])),

  /** Applies the updates one after the other to a new document; the last may be in V2. */
  apply: ({ updates, gc = true, roots, v2 = false }, blobs) => {
    const doc = serverDoc(gc)
    for (const index of updates) (v2 && index === updates.at(-1) ? Y.applyUpdateV2 : Y.applyUpdate)(doc, blobs[index])
    return stateOf(doc, roots)
  },

  /** What the document encodes to in both formats after these updates; a list of them is merged first. */
  encode: ({ updates, order, gc = true }, blobs, out) => {
    const doc = serverDoc(gc)
    for (const entry of order) {
      const parts = entry.map(i => blobs[updates[i]])
      Y.applyUpdate(doc, parts.length > 1 ? Y.mergeUpdates(parts) : parts[0])
    }
    return { v1: push(out, Y.encodeStateAsUpdate(doc)), v2: push(out, Y.encodeStateAsUpdateV2(doc)) }
  },

  /**
   * Each update in V2, and in V1 again from there: Yjs forgets on the way that an item with an origin has a parentSub,
   * which nobody reads.
   */
  toV2: ({ updates }, blobs, out) => updates.map(index => {
    const v2 = Y.convertUpdateFormatV1ToV2(blobs[index])
    return { v1: push(out, Y.convertUpdateFormatV2ToV1(v2)), v2: push(out, v2) }
  }),

  /** Each update in V1, or why not. */
  toV1: ({ updates }, blobs, out) => updates.map(index => {
    try {
      return { v1: push(out, Y.convertUpdateFormatV2ToV1(blobs[index])) }
    } catch (error) {
      return { fail: String(error.message ?? error) }
    }
  }),

  /** Each update, in V1, as Yjs writes it who has read it. */
  rewrite: ({ updates }, blobs, out) => updates.map(index =>
    push(out, Y.diffUpdate(blobs[index], Y.encodeStateVector(new Map())))),

  /** The updates but the last merged, what of that somebody lacks whose state vector is the last, and its own state vector. */
  mergeAndDiff: ({ updates }, blobs, out) => {
    const merged = Y.mergeUpdates(updates.slice(0, -1).map(index => blobs[index]))
    return {
      merged: push(out, merged),
      diff: push(out, Y.diffUpdate(merged, blobs[updates.at(-1)])),
      vector: push(out, Y.encodeStateVectorFromUpdate(merged))
    }
  },

  /** The JSON text of each value, null where it has none. */
  stringify: ({ updates }, blobs) => updates.map(index => {
    try {
      return JSON.stringify(decoding.readAny(decoding.createDecoder(blobs[index]))) ?? null
    } catch {
      return null
    }
  }),

  /** The unit form of an update as it is, not integrated. */
  units: ({ updates }, blobs) => units(blobs[updates[0]]),

  /** What several editors do, step by step: the updates they make, and where each of them ends. */
  script: ({ gc, clients, steps }, blobs, out) => {
    const { updates, updatesV2, docs } = play({ gc, clients, steps, newDoc: serverDoc })
    const first = out.length
    out.push(...updates, ...docs.map(doc => Y.encodeStateAsUpdate(doc)))
    const firstV2 = out.length
    out.push(...updatesV2, ...docs.map(doc => Y.encodeStateAsUpdateV2(doc)))
    return { first, firstV2, updates: updates.length, docs: docs.length }
  },

  /**
   * An editor of that name, made when it is named first, hears of updates and then edits; the updates it made. With
   * `end` it goes, and the answer is its state.
   */
  edit: ({ name, updates, steps, end = false, roots, ...options }, blobs, out) => {
    if (!editors.has(name)) editors.set(name, editor(options))
    const one = editors.get(name)
    one.hear(updates.map(index => blobs[index]))
    for (let i = 0; i < steps; i++) one.step()
    const made = one.tell().map(update => push(out, update))
    if (!end) return made
    editors.delete(name)
    // an editor keeps what it may undo: its state is that of who gets everything from it
    const server = serverDoc(one.doc.gc)
    Y.applyUpdate(server, Y.encodeStateAsUpdate(one.doc))
    return { made, ...stateOf(server), deep: deep(one.doc, roots) }
  },

  /** A random history of several editors: its updates, and where real Yjs ends with them. */
  session: ({ seed, clients, steps, gc }, blobs, out) => {
    const { updates, roots } = history({ seed, clients, steps, gc })
    const doc = serverDoc(gc)
    for (const update of updates) Y.applyUpdate(doc, update)
    const first = out.length
    out.push(...updates)
    return { updates: updates.map((_, i) => first + i), roots, ...stateOf(doc, roots) }
  }
}

const answer = (request, blobs, out) => {
  try {
    return operations[request.op](request, blobs, out)
  } catch (error) {
    return { fail: String(error.message ?? error) }
  }
}

const unpack = frame => {
  const parts = []
  for (let at = 0; at < frame.length;) {
    const length = frame.readUInt32BE(at)
    parts.push(frame.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return parts
}

const pack = parts => {
  const chunks = parts.flatMap(part => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    return [length, part]
  })
  const frame = Buffer.concat(chunks)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(frame.length)
  return Buffer.concat([length, frame])
}

const handle = frame => {
  const [text, ...blobs] = unpack(frame)
  const out = []
  const { requests } = JSON.parse(text.toString('utf8'))
  const answers = requests.map(request => answer(request, blobs, out))
  process.stdout.write(pack([Buffer.from(JSON.stringify({ answers })), ...out]))
}

let chunks = []
let have = 0
let need = 4
process.stdin.on('data', chunk => {
  chunks.push(chunk)
  have += chunk.length
  while (have >= need) {
    const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    need = 4 + all.readUInt32BE(0)
    chunks = [all]
    if (have < need) break
    handle(all.subarray(4, need))
    chunks = [all.subarray(need)]
    have -= need
    need = 4
  }
})
