import * as Y from 'yjs'
import { type Ranges, type Unsaved, runAt } from './unsaved.js'

/** A step to a value: a key of a map, an index of a list. */
export type Path = Array<string | number>

/** An edit of a replaced document that could not be applied to the new one. */
export interface LeftOver {
  /** The path to the type that was edited; begins with the name of the root type. */
  path: Path
  kind: 'text' | 'map' | 'list'
  /** The key, for an edit of a map. */
  key?: string
  /** Text or values that were inserted, or the value of the key. */
  inserted?: unknown
  /** The number of deleted characters or elements; 1 for a key. */
  deleted?: number
  /** The formatted text and its new attributes, for an edit of text. */
  formatted?: { text: string, attributes: Attributes }
  /** The text before the edit, for an edit of text. */
  after?: string
}

export type Attributes = Record<string, unknown>

/** Remembers facts about unsaved edits that Yjs drops at the end of their transactions. */
export class Memory {
  /** Values of map keys before the first unsaved edit of them; a key that was not there has undefined. */
  readonly values = new Map<Y.AbstractType<any>, Map<string, unknown>>()
  /** Marks of formatting that were deleted. A deleted character looks the same afterwards. */
  readonly marks: Ranges = new Map()

  /** Remembers what a transaction has changed. To be called in `afterTransaction`, when the content of deleted items is still there. */
  note (transaction: Y.Transaction): void {
    for (const [type, keys] of transaction.changed) {
      for (const key of keys) if (key !== null) this.noteKey(type, key, transaction)
    }
    Y.iterateDeletedStructs(transaction, transaction.deleteSet, struct => {
      if (struct instanceof Y.Item && struct.content instanceof Y.ContentFormat) {
        const { client, clock } = struct.id
        const known = this.marks.get(client)
        if (known === undefined) this.marks.set(client, [[clock, clock + 1]])
        else known.push([clock, clock + 1])
      }
    })
  }

  private noteKey (type: Y.AbstractType<any>, key: string, transaction: Y.Transaction): void {
    let known = this.values.get(type)
    if (known === undefined) this.values.set(type, known = new Map())
    if (known.has(key)) return
    let item: Y.Item | null | undefined = (type as any)._map.get(key)
    while (item != null && item.id.clock >= (transaction.beforeState.get(item.id.client) ?? 0)) item = item.left
    const wasThere = item != null && (!item.deleted || Y.isDeleted(transaction.deleteSet, item.id))
    if (!wasThere) known.set(key, undefined)
    else if (item!.content instanceof Y.ContentAny) known.set(key, item!.content.arr[item!.content.arr.length - 1])
  }
}

/** Stands for a character that was deleted here and whose content Yjs no longer has. */
const UNKNOWN = '\u0000'
/** Stands for an embedded value in a text. */
const OBJECT = '\ufffc'
/** The largest and smallest number of characters on either side of an edit that must match in the other text. */
const CONTEXT = 24
const LEAST = 4

const json = (value: unknown): unknown => value instanceof Y.AbstractType ? value.toJSON() : value
const equal = (a: unknown, b: unknown): boolean => JSON.stringify(json(a)) === JSON.stringify(json(b))
/** A value that can be inserted into another document. */
const copy = (value: any): any => value instanceof Y.AbstractType ? value.clone() : value instanceof Y.Doc ? new Y.Doc({ guid: value.guid }) : value

interface Piece {
  item: Y.Item
  from: number
  to: number
  was: boolean
  is: boolean
  /** Whether it has a place in the list; marks of formatting have none. */
  counts: boolean
}

/** The parts of a list's items that are alike: there before the unsaved edits or not, and there now or not. */
function * pieces (type: any, unsaved: Unsaved, marks: Ranges): Generator<Piece> {
  for (let item: Y.Item | null = type._start; item !== null; item = item.right) {
    const { client, clock } = item.id
    for (let at = clock; at < clock + item.length;) {
      const [isNew, untilNew] = runAt(unsaved.inserted, client, at)
      const [isGone, untilGone] = runAt(unsaved.deleted, client, at)
      const isDeleted = item.content instanceof Y.ContentDeleted
      const [isMark, untilMark] = isDeleted ? runAt(marks, client, at) : [false, Infinity]
      const end = Math.min(untilNew, untilGone, untilMark, clock + item.length)
      const was = !isNew && (!item.deleted || isGone)
      yield { item, from: at - clock, to: end - clock, was, is: !item.deleted, counts: isDeleted ? !isMark : item.countable }
      at = end
    }
  }
}

/** The values of a part of an item. */
const valuesOf = ({ item, from, to }: Piece): any[] => item.content.getContent().slice(from, to)

const kindOf = (type: any): typeof Y.Map | typeof Y.Text | typeof Y.Array | typeof Y.XmlFragment | null => {
  if (type.constructor !== Y.AbstractType) return type.constructor
  // a root that this page never asked for by its type
  if (type._start === null) return type._map.size > 0 ? Y.Map : null
  for (let item: Y.Item | null = type._start; item !== null; item = item.right) {
    if (item.content instanceof Y.ContentString || item.content instanceof Y.ContentFormat) return Y.Text
    if (item.content instanceof Y.ContentType && (item.content as any).type instanceof Y.XmlElement) return Y.XmlFragment
    if (item.content instanceof Y.ContentType && (item.content as any).type instanceof Y.XmlText) return Y.XmlFragment
    if (!(item.content instanceof Y.ContentDeleted)) return Y.Array
  }
  return null
}

interface TextEdit {
  at: number
  deleted: number
  inserted: Array<{ value: any, attributes: Attributes }>
  format: Attributes | null
}

/** Applies the unsaved edits of one document to another. */
class Reapplication {
  readonly leftOver: LeftOver[] = []
  applied = 0

  constructor (private readonly unsaved: Unsaved, private readonly memory: Memory) {}

  /** Applies the edits of one type to its counterpart; without a counterpart all of them are left over. */
  type (old: any, fresh: any, path: Path): void {
    const kind = kindOf(old)
    if (kind === null) return
    if (old._map.size > 0) this.map(old, fresh, path)
    if (kind === Y.Text || old instanceof Y.Text) this.text(old, fresh, path)
    else if (old._start !== null) this.list(old, fresh, path)
  }

  private leave (path: Path, kind: LeftOver['kind'], what: Partial<LeftOver>): void {
    this.leftOver.push({ path, kind, ...what })
  }

  // ------------------------------------------------------------------ maps and attributes

  private map (old: any, fresh: any, path: Path): void {
    for (const [key, now] of old._map as Map<string, Y.Item>) {
      const [isNew] = runAt(this.unsaved.inserted, now.id.client, now.id.clock)
      let before: Y.Item | null = now
      while (before !== null && runAt(this.unsaved.inserted, before.id.client, before.id.clock)[0]) before = before.left
      const was = before !== null &&
        (!before.deleted || runAt(this.unsaved.deleted, before.id.client, before.id.clock)[0])
      if (!isNew && was && !now.deleted) this.nested(now, fresh === null ? undefined : this.valueAt(fresh, key), [...path, key])
      else if ((isNew || was) && (was || !now.deleted)) this.key(old, fresh, path, key, now)
    }
  }

  private valueAt (map: any, key: string): any {
    return map instanceof Y.Map ? map.get(key) : map.getAttribute(key)
  }

  private key (old: any, fresh: any, path: Path, key: string, now: Y.Item): void {
    const value = now.deleted ? undefined : now.content.getContent()[now.length - 1]
    const known = this.memory.values.get(old)
    const isKnown = known?.has(key) ?? false
    const there = fresh === null ? undefined : this.valueAt(fresh, key)
    const fits = fresh !== null &&
      (there === undefined ? isKnown ? known!.get(key) === undefined : !now.deleted : isKnown && equal(there, known!.get(key)))
    if (fresh !== null && equal(there, value)) return // the same edit was made there
    if (!fits) {
      this.leave(path, 'map', now.deleted ? { key, deleted: 1 } : { key, inserted: json(value) })
      return
    }
    if (fresh instanceof Y.Map) now.deleted ? fresh.delete(key) : fresh.set(key, copy(value))
    else now.deleted ? fresh.removeAttribute(key) : fresh.setAttribute(key, copy(value))
    this.applied++
  }

  /** A value that existed before and still exists: only a type can have edits inside. */
  private nested (item: Y.Item, counterpart: any, path: Path): void {
    if (!(item.content instanceof Y.ContentType)) return
    const type = item.content.type as any
    const isSame = counterpart instanceof Y.AbstractType && counterpart.constructor === type.constructor &&
      (type as any).nodeName === (counterpart as any).nodeName
    this.type(type, isSame ? counterpart : null, path)
  }

  // ------------------------------------------------------------------ lists and children

  private list (old: any, fresh: any, path: Path): void {
    const parts = [...pieces(old, this.unsaved, this.memory.marks)].filter(piece => piece.counts)
    const before: any[] = []
    for (const piece of parts) {
      if (!piece.was) continue
      if (piece.is) before.push(...valuesOf(piece).map(value => ({ value })))
      else for (let i = piece.from; i < piece.to; i++) before.push(null)
    }
    const there: any[] | null = fresh === null ? null : fresh.toArray()
    const isSame = there !== null && there.length === before.length &&
      before.every((known, i) => known === null || this.isLike(known.value, there[i]))
    const edits: Array<() => void> = []
    let at = 0
    for (const piece of parts) {
      const index = at
      if (piece.was) at += piece.to - piece.from
      if (piece.was && piece.is) {
        valuesOf(piece).forEach((value, i) => {
          if (value instanceof Y.AbstractType) this.nested((value as any)._item, isSame ? there[index + i] : undefined, [...path, index + i])
        })
      } else if (piece.is) {
        const values = valuesOf(piece)
        if (isSame) edits.push(() => fresh.insert(index, values.map(copy)))
        else this.leave(path, 'list', { inserted: values.map(json) })
      } else if (piece.was) {
        if (isSame) edits.push(() => fresh.delete(index, piece.to - piece.from))
        else this.leave(path, 'list', { deleted: piece.to - piece.from })
      }
    }
    // from the end, so that no edit shifts the index of another
    edits.reverse().forEach(edit => edit())
    this.applied += edits.length
  }

  private isLike (a: any, b: any): boolean {
    if (a instanceof Y.AbstractType || b instanceof Y.AbstractType) {
      return a?.constructor === b?.constructor && a.nodeName === b.nodeName
    }
    return equal(a, b)
  }

  // ------------------------------------------------------------------ text

  private text (old: any, fresh: any, path: Path): void {
    const { before, edits } = this.textEdits(old)
    if (edits.length === 0) return
    const there: string | null = fresh === null
      ? null
      : fresh.toDelta().map((part: any) => typeof part.insert === 'string' ? part.insert : OBJECT).join('')
    const isSame = there !== null && there.length === before.length && isMatch(there, 0, before)
    const placed: Array<{ edit: TextEdit, at: number }> = []
    for (const edit of edits) {
      const at = isSame ? edit.at : there === null ? -1 : placeOf(edit, before, there)
      if (at >= 0 && !edit.inserted.some(part => part.value instanceof Y.AbstractType)) placed.push({ edit, at })
      else this.leaveText(path, edit, before)
    }
    placed.sort((a, b) => b.at - a.at || edits.indexOf(b.edit) - edits.indexOf(a.edit))
    let limit = Infinity
    const formats: Array<{ edit: TextEdit, at: number }> = []
    for (const { edit, at } of placed) {
      if (at + edit.deleted > limit) {
        this.leaveText(path, edit, before)
        continue
      }
      limit = at
      this.applied++
      if (edit.format !== null) {
        formats.push({ edit, at })
        continue
      }
      const length = changeText(fresh, edit, at)
      formats.forEach(format => { format.at += length - edit.deleted })
    }
    // After the other edits: Yjs may remove a mark of formatting beside text that is deleted.
    for (const { edit, at } of formats) fresh.format(at, edit.deleted, edit.format)
    if (isSame && !equal(fresh.toDelta(), old.toDelta())) formatLike(old.toDelta(), fresh)
  }

  private leaveText (path: Path, edit: TextEdit, before: string): void {
    const after = before.slice(Math.max(0, edit.at - CONTEXT), edit.at).replaceAll(UNKNOWN, '')
    if (edit.format !== null) {
      const text = before.slice(edit.at, edit.at + edit.deleted).replaceAll(UNKNOWN, '')
      this.leave(path, 'text', { formatted: { text, attributes: edit.format }, after })
      return
    }
    const isText = edit.inserted.every(part => typeof part.value === 'string')
    const inserted = isText ? edit.inserted.map(part => part.value).join('') : edit.inserted.map(part => json(part.value))
    this.leave(path, 'text', {
      after,
      ...(edit.inserted.length > 0 ? { inserted } : {}),
      ...(edit.deleted > 0 ? { deleted: edit.deleted } : {})
    })
  }

  /** The text before the unsaved edits, and the edits by index into it; neighbouring edits are merged. */
  private textEdits (old: any): { before: string, edits: TextEdit[] } {
    const edits: TextEdit[] = []
    let before = ''
    const attributesBefore: Attributes = {}
    const attributesNow: Attributes = {}
    const current = (): TextEdit => {
      const last = edits[edits.length - 1]
      if (last !== undefined && last.format === null && last.at + last.deleted === before.length) return last
      const edit: TextEdit = { at: before.length, deleted: 0, inserted: [], format: null }
      edits.push(edit)
      return edit
    }
    for (const piece of pieces(old, this.unsaved, this.memory.marks)) {
      const { item } = piece
      if (item.content instanceof Y.ContentFormat) {
        const { key, value } = item.content as any
        if (piece.was) attributesBefore[key] = value
        if (piece.is) attributesNow[key] = value
      } else if (piece.counts) {
        const length = piece.to - piece.from
        if (piece.is && !piece.was) {
          const attributes = Object.fromEntries(Object.entries(attributesNow).filter(([, value]) => value !== null))
          const values = item.content instanceof Y.ContentString ? [item.content.str.slice(piece.from, piece.to)] : valuesOf(piece)
          current().inserted.push(...values.map(value => ({ value, attributes })))
        } else if (piece.was && !piece.is) {
          const edit = current()
          edit.deleted += length
          before += UNKNOWN.repeat(length)
        } else if (piece.was) {
          const format = difference(attributesBefore, attributesNow)
          if (format !== null) edits.push({ at: before.length, deleted: length, inserted: [], format })
          before += item.content instanceof Y.ContentString ? item.content.str.slice(piece.from, piece.to) : OBJECT.repeat(length)
        }
      }
    }
    return { before, edits }
  }
}

/** Deletes and inserts; returns the length of the inserted content. */
const changeText = (text: any, edit: TextEdit, at: number): number => {
  if (edit.deleted > 0) text.delete(at, edit.deleted)
  let to = at
  for (const { value, attributes } of edit.inserted) {
    if (typeof value === 'string') text.insert(to, value, attributes)
    else text.insertEmbed(to, value, attributes)
    to += typeof value === 'string' ? value.length : 1
  }
  return to - at
}

/** Gives a text the formats of another text with the same characters. */
const formatLike = (delta: any[], text: any): void => {
  const attributes = (parts: any[]): Attributes[] => parts.flatMap(part =>
    Array(typeof part.insert === 'string' ? part.insert.length : 1).fill(part.attributes ?? {}))
  const wanted = attributes(delta)
  const there = attributes(text.toDelta())
  for (let at = 0; at < wanted.length;) {
    const format = difference(there[at] ?? {}, wanted[at]!)
    let end = at + 1
    while (end < wanted.length && equal(difference(there[end] ?? {}, wanted[end]!), format)) end++
    if (format !== null) text.format(at, end - at, format)
    at = end
  }
}

/** The change that turns one set of attributes into the other; null if they are equal. */
const difference = (before: Attributes, now: Attributes): Attributes | null => {
  const changed: Attributes = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const value = now[key] ?? null
    if (!equal(before[key] ?? null, value)) changed[key] = value
  }
  return Object.keys(changed).length > 0 ? changed : null
}

/** Whether a text contains a part at an index; an unknown character matches any character. */
const isMatch = (text: string, at: number, part: string): boolean => {
  if (at < 0 || at + part.length > text.length) return false
  for (let i = 0; i < part.length; i++) {
    if (part[i] !== UNKNOWN && part[i] !== text[at + i]) return false
  }
  return true
}

/** The index in another text at which an edit belongs, found by the text around it; -1 if there is none. */
const placeOf = (edit: TextEdit, before: string, there: string): number => {
  const end = edit.at + edit.deleted
  const isDelete = edit.format === null && edit.deleted > 0
  // the deleted text is unknown, so the text on both sides must match
  const contexts: Array<[number, number]> = isDelete ? [[CONTEXT, CONTEXT]] : [[CONTEXT, CONTEXT], [CONTEXT, 0], [0, CONTEXT]]
  for (const [left, right] of contexts) {
    const from = Math.max(0, edit.at - left)
    const to = Math.min(before.length, end + right)
    const part = before.slice(from, to)
    if (part.replaceAll(UNKNOWN, '').length < LEAST) continue
    let best = -1
    for (let at = 0; at + part.length <= there.length; at++) {
      const isAtEdge = (from > 0 || at === 0) && (to < before.length || at + part.length === there.length)
      if (isMatch(there, at, part) && (isAtEdge || !isDelete) && (best < 0 || Math.abs(at - from) < Math.abs(best - from))) best = at
    }
    if (best >= 0) return best + edit.at - from
  }
  return -1
}

/**
 * Applies the unsaved edits of a document to another one: to text where the same text surrounds the edit, to maps by key, and to
 * lists and children of XML that are equal in both documents. Returns the edits that could not be applied. The first document is
 * not changed.
 *
 * @param memory facts about the edits that Yjs has dropped; without them an edit of a key that the other document has is left over
 */
export const reapply = (
  old: Y.Doc, unsaved: Unsaved, fresh: Y.Doc, memory = new Memory()
): { applied: number, leftOver: LeftOver[] } => {
  const work = new Reapplication(unsaved, memory)
  fresh.transact(() => {
    for (const [name, type] of old.share) {
      const kind = kindOf(type)
      if (kind === null) continue
      let counterpart: any = null
      try {
        counterpart = fresh.get(name, kind as any)
      } catch {
        // the other document has a root of another type under this name
      }
      work.type(type, counterpart, [name])
    }
  }, 'keck-reapply')
  return { applied: work.applied, leftOver: work.leftOver }
}
