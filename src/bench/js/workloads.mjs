// The workloads by name: before() makes what run() needs, run() alone is timed, after() says what came out.
import { Xorshift } from './data.mjs'

const N = 6000
const CLIENTS = 20 * Math.floor(Math.sqrt(N))
const list = f => Array.from({ length: N }, (_, i) => f(i))

/** Insertions of words and deletions, at random places of a text of that length. */
function insertsAndDeletes (random, initial) {
  let length = initial
  return list(() => {
    const at = random.int(length + 1)
    if (at === length || random.int(2) === 0) {
      const word = random.word()
      length += word.length
      return [at, 0, word]
    }
    const n = 1 + random.int(Math.min(9, length - at))
    length -= n
    return [at, n, '']
  })
}

function words (random, initial) {
  let length = initial
  return list(() => {
    const word = random.word()
    const at = random.int(length + 1)
    length += word.length
    return [at, 0, word]
  })
}

function edit (x, [at, deleted, inserted]) {
  if (deleted) x.t.delete(at, deleted)
  if (inserted) x.t.insert(at, inserted)
}

/** All workloads of an engine. */
export function workloads (e, data) {
  const all = {}

  /** Adds a workload that leaves a document, and with it those that encode that and read it again. */
  const document = (name, { before, run, doc, check = () => {} }) => {
    const result = { size: undefined }
    all[name] = {
      before,
      run,
      after: s => {
        check(s)
        result.size = e.encode(doc(s)).length
        e.free(doc(s))
        return { docSize: result.size }
      }
    }
    let kept
    const made = () => {
      if (!kept) {
        const s = before()
        kept = doc(run(s) ?? s)
      }
      return kept
    }
    all[name + ' encode'] = { before: made, run: x => { e.encode(x) } }
    let bytes
    all[name + ' parse'] = {
      before: () => {
        bytes ??= e.encode(made())
        return e.create(2)
      },
      run: x => e.apply(x, bytes),
      after: x => e.free(x)
    }
  }

  // ---- B1: one client; every edit is a transaction whose update is encoded and counted
  const b1 = (n, draw, run) => document('B1.' + n, {
    before: () => {
      const s = { bytes: 0 }
      s.x = e.create(1, update => { s.bytes += update.length })
      s.input = draw(new Xorshift())
      return s
    },
    run: s => run(s.x, s.input),
    doc: s => s.x
  })
  const chars = r => list(() => r.char())
  b1(1, chars, (x, s) => s.forEach((c, i) => x.t.insert(i, c)))
  b1(2, r => r.chars(N), (x, s) => x.t.insert(0, s))
  b1(3, chars, (x, s) => s.forEach(c => x.t.insert(0, c)))
  b1(4, r => list(i => [r.int(i + 1), r.char()]), (x, s) => s.forEach(([at, c]) => x.t.insert(at, c)))
  b1(5, r => words(r, 0), (x, s) => s.forEach(step => edit(x, step)))
  b1(6, r => r.chars(N), (x, s) => {
    x.t.insert(0, s)
    x.t.delete(0, N)
  })
  b1(7, r => insertsAndDeletes(r, 0), (x, s) => s.forEach(step => edit(x, step)))
  b1(8, r => list(() => r.next()), (x, s) => s.forEach((v, i) => x.a.insert(i, [v])))
  b1(9, r => list(() => r.next()), (x, s) => x.a.insert(0, s))
  b1(10, r => list(() => r.next()), (x, s) => s.forEach(v => x.a.insert(0, [v])))
  b1(11, r => list(i => [r.int(i + 1), r.next()]), (x, s) => s.forEach(([at, v]) => x.a.insert(at, [v])))

  // ---- B2: two clients edit the same text apart, then each applies the updates of the other
  const b2 = (n, draw) => document('B2.' + n, {
    before: () => {
      const s = { updates: [[], []] }
      s.x = e.create(1, update => s.updates[0].push(update))
      s.y = e.create(2, update => s.updates[1].push(update))
      s.x.t.insert(0, new Xorshift().chars(100))
      s.updates[0].splice(0).forEach(update => e.apply(s.y, update))
      draw(new Xorshift(11)).forEach(step => edit(s.x, step))
      draw(new Xorshift(22)).forEach(step => edit(s.y, step))
      return s
    },
    run: s => {
      s.updates[1].forEach(update => e.apply(s.x, update))
      s.updates[0].forEach(update => e.apply(s.y, update))
    },
    doc: s => s.x,
    check: s => {
      if (s.x.t.toString() !== s.y.t.toString()) throw new Error('the two differ')
      e.free(s.y)
    }
  })
  b2(1, r => [[0, 0, r.chars(N)]])
  b2(2, r => list(i => [r.int(101 + i), 0, r.char()]))
  b2(3, r => words(r, 100))
  b2(4, r => insertsAndDeletes(r, 100))

  // ---- B3: many clients make one edit each
  const b3 = (n, change) => document('B3.' + n, {
    before: () => {
      const updates = []
      for (let i = 0; i < CLIENTS; i++) {
        const x = e.create(10 + i, update => updates.push(update))
        change(x, i)
        e.free(x)
      }
      return { updates, x: e.create(1) }
    },
    run: s => s.updates.forEach(update => e.apply(s.x, update)),
    doc: s => s.x
  })
  b3(1, (x, i) => x.m.set('v', i))
  b3(2, (x, i) => x.m.set('v', { name: 'user ' + i, address: 'street ' + i }))
  b3(3, (x, i) => x.m.set('v', String(i).repeat(5)))
  b3(4, (x, i) => x.t.insert(0, 'text of ' + i))
  b3(5, (x, i) => x.a.insert(0, [i, 'x']))

  // ---- B4: the real trace
  document('B4', {
    before: () => ({ x: e.create(1), edits: data.edits() }),
    run: s => s.edits.forEach(step => edit(s.x, step)),
    doc: s => s.x,
    check: s => {
      if (s.x.t.toString() !== data.text()) throw new Error('not the text of the trace')
    }
  })
  all['B4 listened'] = {
    before: () => {
      const s = { edits: data.edits(), bytes: 0 }
      s.x = e.create(1, update => { s.bytes += update.length })
      return s
    },
    run: s => s.edits.forEach(step => edit(s.x, step)),
    after: s => e.free(s.x)
  }

  // ---- the operations of a server
  const fresh = update => {
    const x = e.create(9)
    if (update) e.apply(x, update)
    return x
  }
  const once = (name, before, run, free) => { all[name] = { before, run, after: free } }
  const freeX = s => e.free(s.x)
  once('S0', () => ({ x: fresh(), updates: data.updates() }), s => s.updates.forEach(u => e.apply(s.x, u)), freeX)
  once('Sp', () => ({ x: fresh(), full: data.full() }), s => e.apply(s.x, s.full), freeX)
  once('Sa', () => ({ x: fresh(data.full()), extra: data.extra() }), s => s.extra.forEach(u => e.apply(s.x, u)), freeX)
  once('Sa2', () => ({ x: fresh(data.full()), extra: data.extra().slice(0, 500) }), s => {
    let known = e.vector(s.x)
    for (const update of s.extra) {
      e.apply(s.x, update)
      e.encode(s.x, known)
      known = e.vector(s.x)
    }
  }, freeX)
  if (e.merge) {
    const some = n => () => data.updates().slice(100_000, 100_000 + n)
    once('Sb 1000', some(1000), e.merge)
    once('Sb 10000', some(10_000), e.merge)
    once('Sb2', () => [data.full(), data.extra()[0]], e.merge)
    once('Sc1', () => [data.full(), data.vector99()], ([full, known]) => e.diffUpdate(full, known))
    once('Sd', data.full, e.vectorOf)
  }
  once('Sc2', () => ({ x: fresh(data.full()), known: data.vector99() }), s => e.encode(s.x, s.known), freeX)
  once('Sc3', () => ({ x: fresh(data.full()) }), s => {
    for (let i = 0; i < 1000; i++) e.vector(s.x)
  }, freeX)
  once('Sc4', () => {
    const x = fresh(data.full())
    return { x, known: e.vector(x) }
  }, s => e.encode(s.x, s.known), freeX)
  const open = () => {
    const updates = data.updates()
    const k = Math.floor(updates.length * 0.9)
    return { x: fresh(), all: [data.snapshot90(), ...updates.slice(k, k + 1000)] }
  }
  once('Se', open, s => s.all.forEach(u => e.apply(s.x, u)), freeX)
  const from = missing => () => {
    const updates = data.updates()
    const k = Math.floor(updates.length * 0.9) + missing
    return { x: fresh(data.snapshot90()), all: updates.slice(k, k + 1000) }
  }
  once('Sm0', from(0), s => s.all.forEach(u => e.apply(s.x, u)), freeX)
  once('Sm1', from(1), s => s.all.forEach(u => e.apply(s.x, u)), freeX)
  if (e.merge) once('Se2', open, s => e.apply(s.x, e.merge(s.all)), freeX)
  return all
}

/** Bytes of heap for one document: the trace's, and a small one. */
export function memory (e, data) {
  const used = () => {
    for (let i = 0; i < 3; i++) global.gc()
    const m = process.memoryUsage()
    return e.merge ? m.heapUsed + m.external : m.rss // WebAssembly's memory is in neither of the two
  }
  const perDoc = (bytes, n) => {
    const before = used()
    const docs = Array.from({ length: n }, () => {
      const x = e.create(9)
      e.apply(x, bytes)
      return x
    })
    const bytesEach = (used() - before) / n
    docs.forEach(x => e.free(x))
    return bytesEach
  }
  return { 'memory B4': perDoc(data.full(), 20), 'memory small': perDoc(data.small(), 1000) }
}
