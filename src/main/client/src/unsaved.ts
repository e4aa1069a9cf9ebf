import * as Y from 'yjs'

/** Ranges of clocks by client, without overlaps. */
export type Ranges = Map<number, Array<[from: number, to: number]>>

/**
 * The part of a document that no server has confirmed: ids of inserted content, and ids of deleted content. The state of the
 * document before these edits follows from it.
 */
export interface Unsaved {
  inserted: Ranges
  deleted: Ranges
}

const sorted = (ranges: Ranges): Ranges => {
  for (const [client, list] of ranges) {
    list.sort((a, b) => a[0] - b[0])
    const merged: Array<[number, number]> = []
    for (const [from, to] of list) {
      const last = merged[merged.length - 1]
      if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
      else merged.push([from, to])
    }
    ranges.set(client, merged)
  }
  return ranges
}

const add = (ranges: Ranges, client: number, from: number, to: number): void => {
  if (to <= from) return
  const list = ranges.get(client)
  if (list === undefined) ranges.set(client, [[from, to]])
  else list.push([from, to])
}

/** Whether a clock is in the ranges, and the clock at which that changes. */
export const runAt = (ranges: Ranges, client: number, clock: number): [inside: boolean, until: number] => {
  let next = Infinity
  for (const [from, to] of ranges.get(client) ?? []) {
    if (from <= clock && clock < to) return [true, to]
    if (clock < from) next = Math.min(next, from)
  }
  return [false, next]
}

/** The ids in updates that were made here and are not confirmed. */
export const ofUpdates = (updates: Uint8Array[]): Unsaved => {
  const unsaved: Unsaved = { inserted: new Map(), deleted: new Map() }
  for (const update of updates) {
    const { structs, ds } = Y.decodeUpdate(update)
    for (const struct of structs) {
      if (struct instanceof Y.Item || struct instanceof Y.GC) {
        add(unsaved.inserted, struct.id.client, struct.id.clock, struct.id.clock + struct.length)
      }
    }
    for (const [client, deletes] of ds.clients) {
      for (const { clock, len } of deletes) add(unsaved.deleted, client, clock, clock + len)
    }
  }
  sorted(unsaved.inserted)
  sorted(unsaved.deleted)
  return unsaved
}

/** The ids in a document that a snapshot lacks. */
export const beyond = (doc: Y.Doc, snapshot: Y.Snapshot): Unsaved => {
  const unsaved: Unsaved = { inserted: new Map(), deleted: new Map() }
  for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(doc))) {
    add(unsaved.inserted, client, snapshot.sv.get(client) ?? 0, clock)
  }
  const known: Ranges = new Map()
  for (const [client, deletes] of snapshot.ds.clients) {
    for (const { clock, len } of deletes) add(known, client, clock, clock + len)
  }
  sorted(known)
  for (const [client, deletes] of Y.snapshot(doc).ds.clients) {
    for (const { clock, len } of deletes) {
      for (let at = clock; at < clock + len;) {
        const [inside, until] = runAt(known, client, at)
        const end = Math.min(until, clock + len)
        if (!inside) add(unsaved.deleted, client, at, end)
        at = end
      }
    }
  }
  sorted(unsaved.deleted)
  return unsaved
}

/** The union of both. */
export const union = (a: Unsaved, b: Unsaved): Unsaved => {
  const sum: Unsaved = { inserted: new Map(), deleted: new Map() }
  for (const side of ['inserted', 'deleted'] as const) {
    for (const ranges of [a[side], b[side]]) {
      for (const [client, list] of ranges) for (const [from, to] of list) add(sum[side], client, from, to)
    }
    sorted(sum[side])
  }
  return sum
}
