// Stock Yjs clients in a child process: y-websocket providers over ws, as an application would use them.
//
// One JSON object a line asks, `{"id": 1, "op": "open", ...}`; one line answers, `{"id": 1, "ok": ...}` or
// `{"id": 1, "error": "..."}`. Answers may come in another order than the questions. The end of the input ends all.
import { createHmac } from 'node:crypto'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { counting, mortal, party, ysweet, ysweetCall } from './providers.mjs'

// stdout belongs to the answers
console.log = console.info = console.debug = console.warn = console.error

const clients = new Map()

const named = name => {
  const client = clients.get(name)
  if (client === undefined) throw new Error(`no client ${name}`)
  return client
}

// y-websocket listens for the end of the process with each provider
process.setMaxListeners(0)

/** Sockets of Hocuspocus's providers that several clients share, by their name. */
const sockets = new Map()

/** A provider of Hocuspocus, with the words of y-websocket that the operations use. */
const hocuspocus = async (client, { url, room, library, socket, token, params }) => {
  const { HocuspocusProvider, HocuspocusProviderWebsocket } = await import(library)
  let shared = socket === undefined ? undefined : sockets.get(socket)
  if (shared === undefined) {
    class Counted extends WebSocket {
      constructor (...args) {
        super(...args)
        client.tries++
        this.on('error', () => {}) // the provider closes sockets that are not open, and listens no more
        this.addEventListener('close', ({ code, reason }) => client.closes.push({ code, reason }))
        this.addEventListener('open', () => client.connects++)
        mortal(client, this)
      }
    }
    shared = new HocuspocusProviderWebsocket({
      url, WebSocketPolyfill: Counted, delay: 200, minDelay: 100, maxDelay: 400
    })
    if (socket !== undefined) sockets.set(socket, shared)
  }
  client.token = token ?? ''
  const provider = new HocuspocusProvider({
    websocketProvider: shared,
    name: room,
    document: client.doc,
    token: () => client.token,
    ...params,
    onAuthenticated: ({ scope } = {}) => client.events.push(`authenticated ${scope ?? provider.authorizedScope}`),
    onAuthenticationFailed: ({ reason }) => client.events.push(`refused ${reason}`),
    onStateless: ({ payload }) => client.events.push(`message ${payload}`),
    onClose: ({ event }) => client.events.push(`closed ${event.code} ${event.reason}`)
  })
  provider.attach?.()
  return {
    get synced () { return provider.isSynced },
    get saved () { return provider.isSynced && !provider.hasUnsyncedChanges },
    get ws () { return shared.webSocket },
    set shouldConnect (should) { shared.shouldConnect = should },
    awareness: provider.awareness,
    sendToken: () => provider.sendToken(),
    sendStateless: text => provider.sendStateless(text),
    forceSync: () => provider.forceSync(),
    connect: () => shared.connect(),
    disconnect: () => shared.disconnect(),
    detach: () => provider.detach?.() ?? shared.detach(provider),
    destroy: () => { provider.destroy(); shared.destroy() },
    on: (...args) => provider.on(...args)
  }
}

/** Compares what the server calls saved with what the client has sent, as the page on clients says. */
const countSaved = (client, provider) => {
  provider.on('status', ({ status }) => { if (status === 'connecting') client.sent = client.position = 0 })
  provider.messageHandlers[112] = (encoder, decoder) => { client.position = decoding.readVarUint(decoder) }
  Object.defineProperty(provider, 'saved', {
    get: () => provider.synced && client.sent > 0 && client.sent === client.position
  })
}

/** Other releases of the provider, by the name of the package; `@y/websocket` is for Yjs 14. */
const providerOf = async library => (await import(library)).WebsocketProvider
const documentOf = async library => library === '@y/websocket' ? new (await import('@y/y')).Doc() : new Y.Doc()

/** The text of a document of Yjs 13 or 14. */
const textOf = doc => doc.getText === undefined ? doc.get('t') : doc.getText('t')

const content = doc => doc.getText === undefined ? { text: doc.get('t').toString() } : ({
  text: doc.getText('t').toString(),
  delta: doc.getText('t').toDelta(),
  map: doc.getMap('m').toJSON(),
  array: doc.getArray('a').toJSON()
})

/** One change of a document; an index is taken modulo what is there. */
const change = (doc, [kind, ...args]) => {
  const text = textOf(doc)
  const map = doc.getMap?.('m')
  const array = doc.getArray?.('a')
  const at = (index, length) => length === 0 ? 0 : index % length
  switch (kind) {
    case 'insert': return text.insert(at(args[0], text.length + 1), args[1])
    case 'delete': return text.length > 0 && text.delete(at(args[0], text.length), 1)
    case 'bold': return text.length > 0 && text.format(at(args[0], text.length), 1, { bold: args[1] })
    case 'set': return map.set(args[0], args[1])
    case 'unset': return map.delete(args[0])
    case 'push': return array.push([args[0]])
    case 'remove': return array.length > 0 && array.delete(at(args[0], array.length), 1)
    default: throw new Error(`no change ${kind}`)
  }
}

/** Numbers that only the seed decides (mulberry32). */
const randomness = seed => () => {
  seed = (seed + 0x6D2B79F5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

// No emoji: where a change splits one, Yjs itself does not always converge.
const anyChange = random => {
  const int = n => Math.floor(random() * n)
  const index = int(1_000_000)
  const word = 'abcdefghijklmnopqrstuvwxyzäöü€'.slice(int(20)).slice(0, 1 + int(6))
  return [
    ['insert', index, word], ['insert', index, word], ['insert', index, word], ['delete', index],
    ['bold', index, random() < 0.7 ? true : null], ['set', `k${int(8)}`, int(100)], ['set', `k${int(8)}`, word],
    ['unset', `k${int(8)}`], ['push', { n: int(100), word }], ['push', index], ['remove', index]
  ][int(11)]
}

const same = (a, b) =>
  Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b)) && isDeepStrictEqual(content(a), content(b))

const conditions = {
  /** All have the same document, and nothing of it is missing. */
  equal: all => all.every(c => c.provider.synced && c.doc.store.pendingStructs === null && same(c.doc, all[0].doc)),
  synced: all => all.every(c => c.provider.synced),
  /** They were killed, or know that everything of theirs is saved. */
  over: all => all.every(c => c.killed !== undefined || c.provider.saved),
  /** Nothing that they have typed is unsaved, as their provider knows. */
  saved: all => all.every(c => c.provider.saved),
  closed: (all, n) => all.every(c => c.closes.length >= n),
  /** All see so many clients, themselves included. */
  present: (all, n) => all.every(c => c.provider.awareness.getStates().size === n),
  length: (all, n) => all.every(c => textOf(c.doc).length === n)
}

const pause = millis => new Promise(resolve => setTimeout(resolve, millis))

const AsyncFunction = (async () => {}).constructor

/** A provider with its counters, as all operations know it. */
const watched = (client, provider, doc) => {
  client.provider = provider
  doc.on('update', (update, origin) => { if (origin === provider) client.updates++ })
  provider.on('connection-close', event => event && client.closes.push({ code: event.code, reason: event.reason }))
  provider.on('status', ({ status }) => { if (status === 'connected') client.connects++ })
  client.denied = []
  const tellDenied = provider.messageHandlers?.[2]
  if (tellDenied === undefined) return
  provider.messageHandlers[2] = (encoder, decoder, ...rest) => {
    const { pos } = decoder
    decoding.readVarUint(decoder)
    client.denied.push(decoding.readVarString(decoder))
    decoder.pos = pos
    tellDenied(encoder, decoder, ...rest)
  }
}

const operations = {
  /**
   * Runs code of the documentation as the page of an origin would: it makes a provider and looks after its credential. Its
   * fetchToken gets these tokens one after the other, behind the first, which is its token; what it has repeated waits for `repeat`.
   */
  documented: async ({ name, code, base, library = 'y-websocket', tokens }) => {
    const doc = await documentOf(library)
    const Provider = library === 'y-websocket' ? WebsocketProvider : await providerOf(library)
    const client = { doc, closes: [], updates: 0, tries: 0, connects: 0, repeated: [], answers: [], shown: [] }
    class Page extends WebSocket {
      constructor (url, protocols = []) {
        super(url, protocols, { origin: base })
        client.tries++
      }
    }
    class Stock extends Provider {
      constructor (url, room, document, options) {
        super(url, room, document, { ...options, WebSocketPolyfill: Page, disableBc: true, maxBackoffTime: 400 })
        watched(client, this, document)
      }
    }
    const next = () => tokens.length > 1 ? tokens.shift() : tokens[0]
    const given = {
      WebsocketProvider: Stock,
      doc,
      token: next(),
      fetchToken: async () => next(),
      fetch: async (path, options) => {
        const answer = await fetch(new URL(path, base), options)
        client.answers.push(answer.status)
        return answer
      },
      setInterval: work => { client.repeated.push(work) },
      encoding,
      decoding,
      onCredential: answer => { client.shown.push(answer) }
    }
    await new AsyncFunction(...Object.keys(given), code)(...Object.values(given))
    clients.set(name, client)
    return doc.clientID
  },

  /** Carries out once what documented code does again and again; the statuses of all its requests until then. */
  repeat: async ({ name }) => {
    const { repeated, answers } = named(name)
    for (const work of repeated) await work()
    return answers
  },

  /** What documented code was told of the credentials that it showed. */
  shown: ({ name }) => named(name).shown,

  /** The credential with which a documented provider connects next. */
  credential: ({ name }) => new URL(named(name).provider.url).searchParams.get('token'),

  /** What documented code of a back end signs with jsonwebtoken, of which only HS256 and minutes are needed. */
  sign: ({ code, secret, user }) => {
    const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
    const jwt = {
      sign: (claims, key, { expiresIn }) => {
        const iat = Math.floor(Date.now() / 1000)
        const exp = iat + 60 * Number(/^(\d+)m$/.exec(expiresIn)[1])
        const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims, iat, exp })}`
        return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
      }
    }
    const process = { env: { KECK_JWT_SECRET: secret } }
    return new Function('jwt', 'process', 'user', `${code}; return token`)(jwt, process, user)
  },

  /** The refusals that a client was sent. */
  denied: ({ name }) => named(name).denied,

  /** From now on a client connects with other parameters; its document stays. */
  logIn: ({ name, params }) => { named(name).provider.params = params },

  /** A client finds the document of another one on its machine, as y-indexeddb would load it. */
  copy: ({ name, from }) => Y.applyUpdate(named(name).doc, Y.encodeStateAsUpdate(named(from).doc)),

  open: async ({
    name, url, room, params = {}, library = 'y-websocket', socket, token, options = {}, tabs = false, offline, killAfter
  }) => {
    const doc = await documentOf(library)
    if (offline !== undefined) textOf(doc).insert(0, offline) // what it has typed before it connects
    if (library.startsWith('hocuspocus')) {
      const client = { doc, closes: [], events: [], updates: 0, tries: 0, connects: 0, killAfter }
      clients.set(name, client)
      client.provider = await hocuspocus(client, { url, room, library, socket, token, params })
      doc.on('update', (update, origin) => { if (origin !== null) client.updates++ })
      return doc.clientID
    }
    const client = { doc, closes: [], events: [], updates: 0, tries: 0, connects: 0, sent: 0, position: 0, killAfter }
    if (library === '@y-sweet/client') {
      clients.set(name, client)
      client.provider = await ysweet(client, { connection: url, room, auth: params.auth, forged: params.forged })
      doc.on('update', (update, origin) => { if (origin !== null) client.updates++ })
      return doc.clientID
    }
    class Counted extends counting(client) {
      constructor (...args) {
        super(...args)
        const send = this.send.bind(this)
        this.send = data => {
          if (data[0] === 0 && data[1] > 0) client.sent++
          send(data)
        }
      }
    }
    client.WebSocket = Counted
    const Provider = library.startsWith('y-party')
      ? undefined
      : library === 'y-websocket' ? WebsocketProvider : await providerOf(library)
    const provider = Provider === undefined
      ? await party(client, { library, host: url, room, options, params })
      : new Provider(url, room, doc, { WebSocketPolyfill: Counted, disableBc: !tabs, maxBackoffTime: 400, params })
    watched(client, provider, doc)
    if (params.saved === '1') countSaved(client, provider)
    clients.set(name, client)
    return doc.clientID
  },

  /** A call of y-sweet's SDK. */
  ysweet: request => ysweetCall(request),

  /** The client tokens that a client of y-sweet was given. */
  tokens: ({ name }) => named(name).tokens,

  /** What a client of y-sweet asks for in its next client token, and from whom. */
  reauthorize: ({ name, connection, auth }) => {
    const client = named(name)
    client.connection = connection
    client.auth = auth
  },

  edit: ({ name, changes }) => {
    const { doc } = named(name)
    changes.forEach(c => change(doc, c))
  },

  /** Random changes by all of them in turn, while the network goes on. */
  scribble: async ({ names, seed, steps }) => {
    const random = randomness(seed)
    for (let i = 0; i < steps; i++) {
      change(named(names[Math.floor(random() * names.length)]).doc, anyChange(random))
      if (random() < 0.3) await new Promise(setImmediate)
    }
  },

  /** Types so many single characters, each an update of its own. */
  type: async ({ name, count }) => {
    const text = named(name).doc.getText('t')
    for (let i = 0; i < count; i++) {
      text.insert(text.length, String.fromCharCode(97 + i % 26))
      if (i % 50 === 49) await new Promise(setImmediate)
    }
  },

  /** All of them go on typing single characters, each so often, until they are told to stop. */
  keepTyping: ({ names, millis }) => {
    names.map(named).forEach((client, i) => {
      const text = client.doc.getText('t')
      client.typed = 0
      client.timer = setInterval(() => {
        text.insert(text.length, String.fromCharCode(97 + i % 26))
        client.typed++
      }, millis)
    })
  },

  /** How many characters each of them has typed. */
  stopTyping: ({ names }) => names.map(named).map(client => {
    clearInterval(client.timer)
    return client.typed
  }),

  until: async ({ names, what, value, seconds }) => {
    const all = names.map(named)
    const deadline = Date.now() + seconds * 1000
    while (!conditions[what](all, value)) {
      if (Date.now() > deadline) {
        const seen = all.map(c => [c.provider.synced, c.closes, Y.decodeStateVector(Y.encodeStateVector(c.doc)).size,
          c.provider.awareness.getStates().size, textOf(c.doc).length])
        throw new Error(`in vain: ${what} ${value ?? ''} of ${names}: ${JSON.stringify(seen)}`)
      }
      await pause(5)
    }
  },

  /** What a tab that was killed had called saved; null where it lives. */
  killed: ({ name }) => named(name).killed,

  dump: ({ name }) => {
    const { doc, provider, closes, events, updates, tries, connects } = named(name)
    const { awareness } = provider
    return {
      ...content(doc), closes, events, updates, tries, connects, saved: provider.saved,
      states: [...awareness.getStates().values()], clocks: [...awareness.meta].map(([id, { clock }]) => [id, clock])
    }
  },

  /** Sends a frame as it is, beside what the provider sends. */
  sendFrame: ({ name, hex, text }) => named(name).provider.ws.send(hex === undefined ? text : Buffer.from(hex, 'hex')),

  /** From now on the client has another credential, and shows it. */
  showToken: async ({ name, token }) => {
    const client = named(name)
    client.token = token
    await client.provider.sendToken()
  },

  /** Has the provider do something that only that kind of provider can. */
  provider: ({ name, what, value }) => named(name).provider[what](value),

  awareness: ({ name, state }) => named(name).provider.awareness.setLocalState(state),
  disconnect: ({ name }) => named(name).provider.disconnect(),
  connect: ({ name }) => named(name).provider.connect(),

  /** The connection breaks without a word, and the client does not come back. */
  cut: ({ name }) => {
    const { provider } = named(name)
    provider.shouldConnect = false
    provider.ws.terminate()
  },

  close: () => {
    for (const { doc, provider } of clients.values()) {
      provider.destroy()
      doc.destroy()
    }
    clients.clear()
    sockets.clear()
  }
}

const handle = async line => {
  const { id, op, ...args } = JSON.parse(line)
  try {
    const ok = await operations[op](args)
    return { id, ok: ok ?? null }
  } catch (error) {
    return { id, error: String(error.stack ?? error) }
  }
}

const input = createInterface({ input: process.stdin })
input.on('line', line => handle(line).then(answer => process.stdout.write(JSON.stringify(answer) + '\n')))
input.on('close', () => process.exit(0))
