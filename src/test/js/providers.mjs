// Providers of other protocols than y-websocket's, with the words of y-websocket that the operations of clients.mjs use.
import WebSocket from 'ws'

/**
 * Kills a tab when its provider has dealt with so many messages of the server, if `client.killAfter` says so: the connection breaks,
 * nothing comes back, and what the provider called saved until then stays in `client.killed`.
 */
export const mortal = (client, socket) => {
  let messages = 0
  socket.on('message', () => {
    if (++messages !== client.killAfter) return
    queueMicrotask(() => { // the listeners of the provider come first
      client.killed = { saved: client.provider.saved === true }
      client.provider.shouldConnect = false
      socket.terminate()
      client.provider.destroy()
    })
  })
}

/** A WebSocket that counts its attempts. */
export const counting = client => class extends WebSocket {
  constructor (...args) {
    super(...args)
    client.tries++
    this.on('error', () => {}) // some providers close sockets that are not open, and listen no more
    mortal(client, this)
  }
}

/**
 * A client of y-sweet, whose back end is y-sweet's own SDK with a connection string. `auth` is what it asks for in each client
 * token; `forged` is put in the place of the token.
 */
export const ysweet = async (client, { connection, room, auth, forged }) => {
  const { YSweetProvider } = await import('@y-sweet/client')
  const { DocumentManager } = await import('@y-sweet/sdk')
  client.connection = connection
  client.auth = auth ?? {}
  client.tokens = []
  const token = async () => {
    const manager = new DocumentManager(client.connection)
    const given = await manager.getOrCreateDocAndToken(room, client.auth)
    client.tokens.push(given)
    return forged === undefined ? given : { ...given, token: forged }
  }
  const provider = new YSweetProvider(token, room, client.doc, {
    WebSocketPolyfill: counting(client), showDebuggerLink: false
  })
  provider.on('connection-close', event => client.closes.push({ code: event.code, reason: event.reason }))
  provider.on('connection-status', status => {
    client.events.push(status)
    if (status === 'connected') client.connects++
  })
  return {
    get synced () { return provider.status === 'connected' },
    get saved () { return provider.status === 'connected' && !provider.hasLocalChanges },
    get ws () { return provider.websocket },
    awareness: provider.awareness,
    on: (...args) => provider.on(...args),
    connect: () => provider.connect(),
    disconnect: () => provider.disconnect(),
    destroy: () => {
      provider.status = 'offline'
      provider.connect = () => {} // it comes back even when it is destroyed
      provider.destroy()
    }
  }
}

/** A call of y-sweet's SDK; bytes are base64. */
export const ysweetCall = async ({ connection, what, room, auth, update }) => {
  const { DocumentManager } = await import('@y-sweet/sdk')
  const manager = new DocumentManager(connection)
  const bytes = update === undefined ? undefined : new Uint8Array(Buffer.from(update, 'base64'))
  switch (what) {
    case 'checkStore': return await manager.checkStore()
    case 'createDoc': return await manager.createDoc(room)
    case 'createDocWithContent': return await manager.createDocWithContent(bytes)
    case 'getClientToken': return await manager.getClientToken(room, auth)
    case 'getDocAsUpdate': return Buffer.from(await manager.getDocAsUpdate(room)).toString('base64')
    case 'updateDoc': return (await manager.updateDoc(room, bytes)) ?? null
    default: throw new Error(`no call ${what}`)
  }
}

/** The provider of y-partyserver or y-partykit, made with a host as their documentation does. */
export const party = async (client, { library, host, room, options, params }) => {
  const { default: Provider } = await import(`${library}/provider`)
  const provider = new Provider(host, room, client.doc, {
    WebSocketPolyfill: client.WebSocket, disableBc: true, maxBackoffTime: 400, params, ...options
  })
  provider.on('custom-message', message => client.events.push(`message ${message}`))
  return provider
}
