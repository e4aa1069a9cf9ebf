// Counts what integration costs in Yjs: a copy of Yjs, changed in memory, counts the items that each walk passes.
import { readFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const WALK = 'itemsBeforeOrigin.add(o);'

const counting = () => {
  const path = require.resolve('yjs')
  const source = readFileSync(path, 'utf8')
  if (source.split(WALK).length !== 2) throw new Error('the walk of Item.integrate is not where it was')
  const copy = new Module(path)
  copy.filename = path
  copy.paths = Module._nodeModulePaths(path)
  const loaded = globalThis['__ $YJS$ __'] // Yjs warns of a second copy, which here is meant
  delete globalThis['__ $YJS$ __']
  copy._compile(source.replace(WALK, `${WALK} exports.walked++;`) + '\nexports.walked = 0;', path)
  globalThis['__ $YJS$ __'] = loaded
  return copy.exports
}

let yjs = null

/** How many items all walks pass while a new document takes the updates in, one after the other. */
export const steps = updates => {
  yjs ??= counting()
  const before = yjs.walked
  const doc = new yjs.Doc()
  for (const update of updates) yjs.applyUpdate(doc, update)
  return yjs.walked - before
}
