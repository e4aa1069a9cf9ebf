// A document or an update in forms that can be compared: the unit form (one line a clock, so it does not matter how
// structs were squashed), the typed tree of the root types, the delete set as ranges.
import { createHash } from 'node:crypto'
import * as Y from 'yjs'

/** More clocks than this are not written out: a hostile GC struct may claim 2^50 of them. */
const MAX_UNITS = 3_000_000

const hex = bytes => Buffer.from(bytes).toString('hex')
const sortedKeys = object => Object.keys(object).sort()

/** An object with its keys sorted; without a prototype, so that "__proto__" is a key like any other. */
const sorted = (keys, valueOf) => {
  const out = Object.create(null)
  for (const key of [...keys].sort()) out[key] = valueOf(key)
  return out
}

const taggedNumber = n => {
  if (Number.isFinite(n) && !Object.is(n, -0)) return n
  return { $: 'float', v: Object.is(n, -0) ? '-0' : String(n) }
}

/** A value as JSON that keeps apart what JSON cannot: undefined, bigint, bytes, NaN and its kin. */
export const tagged = value => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (value === undefined) return { $: 'undefined' }
  if (typeof value === 'number') return taggedNumber(value)
  if (typeof value === 'bigint') return { $: 'bigint', v: value.toString() }
  if (value instanceof Uint8Array) return { $: 'bytes', v: hex(value) }
  if (Array.isArray(value)) return value.map(tagged)
  if (value instanceof Y.AbstractType) return tree(value)
  if (value instanceof Y.Doc) return { $: 'subdoc', guid: value.guid, opts: subdocOptions(value) }
  if (Object.hasOwn(value, '$')) return { $: 'object', v: sortedKeys(value).map(k => [k, tagged(value[k])]) }
  return sorted(Object.keys(value), k => tagged(value[k]))
}

const subdocOptions = doc => {
  const options = {}
  if (!doc.gc) options.gc = false
  if (doc.autoLoad) options.autoLoad = true
  if (doc.meta !== null) options.meta = tagged(doc.meta)
  return options
}

const print = value => JSON.stringify(tagged(value))

const attributes = object => sorted(Object.keys(object), k => tagged(object[k]))
const entries = type => sorted(type.keys(), k => tagged(type.get(k)))
const delta = type => type.toDelta().map(op =>
  op.attributes ? { insert: tagged(op.insert), attributes: attributes(op.attributes) } : { insert: tagged(op.insert) })

/** The typed tree of a shared type. Subclasses come first. */
const tree = type => {
  if (type instanceof Y.XmlText) return { $: 'xmlText', delta: delta(type), attrs: attributes(type.getAttributes()) }
  if (type instanceof Y.Text) return { $: 'text', delta: delta(type) }
  if (type instanceof Y.Array) return { $: 'array', v: type.toArray().map(tagged) }
  if (type instanceof Y.XmlHook) return { $: 'xmlHook', name: type.hookName, v: entries(type) }
  if (type instanceof Y.Map) return { $: 'map', v: entries(type) }
  if (type instanceof Y.XmlElement) {
    return { $: 'xmlElement', name: type.nodeName, attrs: attributes(type.getAttributes()), children: type.toArray().map(tree) }
  }
  return { $: 'xmlFragment', children: type.toArray().map(tree) }
}

const CONSTRUCTORS = {
  text: Y.Text,
  array: Y.Array,
  map: Y.Map,
  xmlFragment: Y.XmlFragment,
  xmlElement: Y.XmlElement,
  xmlText: Y.XmlText
}

/** The typed trees of these roots: name to kind. Makes the root types where the document has none. */
export const deep = (doc, roots) => sorted(Object.keys(roots), name => tree(doc.get(name, CONSTRUCTORS[roots[name]])))

const id = x => x === null ? '-' : `${x.client}:${x.clock}`

const TYPE_REFS = [[Y.XmlText, 6], [Y.Text, 2], [Y.XmlHook, 5], [Y.Map, 1], [Y.XmlElement, 3], [Y.XmlFragment, 4], [Y.Array, 0]]

const typeUnit = type => {
  const [, ref] = TYPE_REFS.find(([constructor]) => type instanceof constructor)
  return `T${ref}` + (ref === 5 ? `:${type.hookName}` : ref === 3 ? `:${type.nodeName}` : '')
}

/** One unit of an item's content. */
const unit = (content, i) => {
  switch (content.constructor) {
    case Y.ContentDeleted: return 'D'
    case Y.ContentString: return 'S' + content.str.charCodeAt(i).toString(16).padStart(4, '0')
    case Y.ContentAny: return 'A' + print(content.arr[i])
    case Y.ContentJSON: return 'J' + print(content.arr[i])
    case Y.ContentBinary: return 'B' + hex(content.content)
    case Y.ContentEmbed: return 'E' + print(content.embed)
    case Y.ContentFormat: return 'F' + JSON.stringify(content.key) + '=' + print(content.value)
    case Y.ContentType: return typeUnit(content.type)
  }
  return 'O' + content.doc.guid + print(content.opts)
}

const parent = item => (typeof item.parent === 'string' ? JSON.stringify(item.parent) : id(item.parent)) +
  (item.parentSub === null ? '' : '/' + JSON.stringify(item.parentSub))

const structLines = (struct, lines) => {
  const { client, clock } = struct.id
  for (let i = 0; i < struct.length; i++) {
    if (struct instanceof Y.GC) {
      lines.push(`${client}:${clock + i} G`)
      continue
    }
    const origin = i > 0 ? `${client}:${clock + i - 1}` : id(struct.origin)
    const where = i === 0 && struct.origin === null && struct.rightOrigin === null ? parent(struct) : ''
    lines.push(`${client}:${clock + i} o=${origin} r=${id(struct.rightOrigin)} p=${where} ${unit(struct.content, i)}`)
  }
}

/** The delete set as sorted, merged, half-open ranges, clients ascending; without ranges of no length. */
export const ranges = ds => [...ds.clients].sort(([a], [b]) => a - b).map(([client, items]) => {
  const merged = []
  for (const { clock, len } of items.filter(range => range.len > 0).sort((a, b) => a.clock - b.clock)) {
    const last = merged.at(-1)
    if (last !== undefined && clock <= last[1]) last[1] = Math.max(last[1], clock + len)
    else merged.push([clock, clock + len])
  }
  return { client, ranges: merged }
})

const sha256 = lines => createHash('sha256').update(lines.join('\n')).digest('hex')

/**
 * SHA-256 of the unit form of an encoded V1 update, and of its structs alone; null where that form would be too long.
 */
export const units = update => {
  const { structs, ds } = Y.decodeUpdate(update)
  const real = structs.filter(struct => !(struct instanceof Y.Skip))
  if (real.reduce((sum, struct) => sum + struct.length, 0) > MAX_UNITS) return { unitSha: null, structSha: null }
  const lines = []
  real
    .sort((a, b) => a.id.client - b.id.client || a.id.clock - b.id.clock)
    .forEach(struct => structLines(struct, lines))
  const structSha = sha256(lines)
  for (const { client, ranges: all } of ranges(ds)) {
    lines.push(`ds ${client} ${all.map(([from, to]) => `${from}-${to}`).join(',')}`)
  }
  return { unitSha: sha256(lines), structSha }
}
