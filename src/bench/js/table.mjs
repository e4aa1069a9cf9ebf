// node table.mjs FOLDER: what compare.sh measured, as a table in Markdown. Fails where Keck's document has another size
// than that of Yjs.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const load = name => {
  const file = join(process.argv[2], name + '.json')
  return existsSync(file) ? JSON.parse(readFileSync(file)) : {}
}
const [keck, yjs, ywasm] = ['keck', 'yjs', 'ywasm'].map(load)

const digits = n => n === undefined ? '' : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n >= 1 ? n.toFixed(2) : n.toFixed(4)
const ratio = (theirs, ours) => theirs === undefined || !ours ? '' : digits(theirs / ours)
const kilobytes = bytes => bytes === undefined ? '' : digits(bytes / 1000)

console.log('| workload | Keck CPU ms | yjs | ywasm | yjs / Keck | ywasm / Keck | Keck on the clock | yjs | first call: Keck | yjs | yjs / Keck | allocated KB |')
console.log('|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|')
let failed = false
for (const [name, k] of Object.entries(keck)) {
  if (name.startsWith('memory')) continue
  const theirs = name.replace(/ store$/, '')
  const y = yjs[theirs] ?? {}
  const w = ywasm[theirs] ?? {}
  const cells = [name, digits(k.cpu), digits(y.cpu), digits(w.cpu), ratio(y.cpu, k.cpu), ratio(w.cpu, k.cpu),
    digits(k.ms), digits(y.ms), digits(k.cold), digits(y.cold), ratio(y.cold, k.cold), kilobytes(k.bytes)]
  console.log('| ' + cells.join(' | ') + ' |')
  if (y.docSize !== undefined && k.docSize !== y.docSize) {
    console.error(`${name}: a document of ${k.docSize} bytes, with Yjs of ${y.docSize}`)
    failed = true
  }
}
console.log('\n| memory of one document | Keck KB | yjs KB | ywasm KB | yjs / Keck |')
console.log('|---|---:|---:|---:|---:|')
for (const [name, k] of Object.entries(keck)) {
  if (!name.startsWith('memory')) continue
  const theirs = name.replace(/ store$/, '')
  const cells = [name.slice('memory '.length), kilobytes(k.bytes), kilobytes(yjs[theirs]?.bytes),
    kilobytes(ywasm[theirs]?.bytes), ratio(yjs[theirs]?.bytes, k.bytes)]
  console.log('| ' + cells.join(' | ') + ' |')
}
process.exitCode = failed ? 1 : 0
