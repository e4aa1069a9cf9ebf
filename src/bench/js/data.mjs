// What the workloads are made of: random numbers, and files that are recorded once by Yjs for all engines.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import * as Y from 'yjs'

/** xorshift32; every engine draws the same numbers. */
export class Xorshift {
  constructor (seed = 0x9E3779B9) {
    this.state = seed | 0
  }

  next () {
    this.state ^= this.state << 13
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    return this.state >>> 0
  }

  int (bound) {
    return this.next() % bound
  }

  char () {
    return String.fromCharCode(97 + this.int(26))
  }

  chars (n) {
    let s = ''
    while (s.length < n) s += this.char()
    return s
  }

  word () {
    return this.chars(2 + this.int(8))
  }
}

/** [position, characters to delete, text to insert] of the trace, or of something like it where there is none. */
function edits (traces) {
  const file = join(traces, 'automerge-paper.json.gz')
  if (existsSync(file)) {
    return JSON.parse(gunzipSync(readFileSync(file))).txns.flatMap(txn => txn.patches)
  }
  console.error(`no ${file}: B4 and the server operations use a synthetic trace, compare them with nothing else`)
  const random = new Xorshift(4)
  const all = []
  let length = 0
  let cursor = 0
  for (let i = 0; i < 260_000; i++) {
    if (random.int(60) === 0) cursor = random.int(length + 1)
    if (cursor > 0 && random.int(10) < 3) {
      all.push([--cursor, 1, ''])
      length--
    } else {
      all.push([cursor++, 0, random.char()])
      length++
    }
  }
  return all
}

/** Blobs in a row: their number, then each after its length; u32, little-endian. */
function pack (blobs) {
  const out = Buffer.alloc(4 + blobs.reduce((sum, blob) => sum + 4 + blob.length, 0))
  let at = out.writeUInt32LE(blobs.length, 0)
  for (const blob of blobs) {
    at = out.writeUInt32LE(blob.length, at)
    out.set(blob, at)
    at += blob.length
  }
  return out
}

function unpack (bytes) {
  const blobs = []
  for (let at = 4; at < bytes.length;) {
    const length = bytes.readUInt32LE(at)
    blobs.push(new Uint8Array(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return blobs
}

function newDoc (clientID) {
  const doc = new Y.Doc()
  doc.clientID = clientID
  return doc
}

function fold (updates) {
  const doc = newDoc(9)
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/** Records everything into a folder; see {@link read}. */
export function prepare (traces, folder) {
  if (existsSync(join(folder, 'small.bin'))) return
  mkdirSync(folder, { recursive: true })
  const save = (name, bytes) => writeFileSync(join(folder, name), bytes)
  const trace = edits(traces)
  save('edits.json', JSON.stringify(trace))

  const updates = []
  const writer = newDoc(1)
  writer.on('update', update => updates.push(update))
  const text = writer.getText('t')
  for (const [position, deleted, inserted] of trace) {
    if (deleted) text.delete(position, deleted)
    if (inserted) text.insert(position, inserted)
  }
  save('text.txt', text.toString())
  save('updates.bin', pack(updates))
  const full = Y.encodeStateAsUpdate(writer)
  save('full.bin', full)
  save('snapshot90.bin', Y.encodeStateAsUpdate(fold(updates.slice(0, Math.floor(updates.length * 0.9)))))
  save('vector99.bin', Y.encodeStateVector(fold(updates.slice(0, Math.floor(updates.length * 0.99)))))

  const extra = []
  const editor = newDoc(78)
  Y.applyUpdate(editor, full)
  editor.on('update', update => extra.push(update))
  const random = new Xorshift(7)
  for (let i = 0; i < 5000; i++) {
    const t = editor.getText('t')
    const position = random.int(t.length + 1)
    if (random.int(4) === 0 && position < t.length - 1) t.delete(position, 1)
    else t.insert(position, random.char())
  }
  save('extra.bin', pack(extra))

  const little = newDoc(5)
  const dice = new Xorshift(5)
  for (let i = 0; i < 2000; i++) {
    const t = little.getText('t')
    const position = dice.int(4) ? t.length : dice.int(t.length + 1)
    if (t.length > 10 && dice.int(8) === 0) t.delete(dice.int(t.length - 3), 2)
    else t.insert(position, dice.word())
  }
  save('small.bin', Y.encodeStateAsUpdate(little))
}

/** What {@link prepare} has recorded. */
export function read (folder) {
  const file = name => readFileSync(join(folder, name))
  const bytes = name => new Uint8Array(file(name))
  return {
    edits: () => JSON.parse(file('edits.json')),
    text: () => file('text.txt').toString(),
    updates: () => unpack(file('updates.bin')),
    extra: () => unpack(file('extra.bin')),
    full: () => bytes('full.bin'),
    snapshot90: () => bytes('snapshot90.bin'),
    vector99: () => bytes('vector99.bin'),
    small: () => bytes('small.bin')
  }
}
