// What Hocuspocus's tests import from their helpers, with Keck in the place of their server.
import http from 'node:http'
import { registerCompletionHandler } from 'ava'
import * as Y from 'yjs'
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { WebSocket } from 'ws'

// Node before 22 has no WebSocket of its own, and the tests expect one. They close sockets that are not open yet, which in the
// package ws, unlike in browsers, is an error that somebody has to listen to.
globalThis.WebSocket ??= class extends WebSocket {
  constructor (...args) {
    super(...args)
    this.on('error', () => {})
  }
}

const keck = `127.0.0.1:${process.env.KECK_PORT}`
const run = Date.now().toString(36)
let servers = 0
let newest

// Providers of tests that are over may still wait to reconnect.
registerCompletionHandler(() => process.exit())

// A message for all clients of a document, as a back end sends it. Before there is content, Keck has no document for back ends.
const broadcast = async (document, message) => {
  await fetch(`http://${keck}/api/block/${encodeURIComponent(document)}`, { method: 'POST' })
  const answer = await fetch(`http://${keck}/api/messages/${encodeURIComponent(document)}`, {
    method: 'POST', body: JSON.stringify({ message }), headers: { 'Content-Type': 'application/json' }
  })
  if (!answer.ok) throw new Error(`messages: ${answer.status} ${await answer.text()}`)
}

// Keck's webhook: of what it delivers, the messages of the test that runs now.
const deliver = async entries => {
  const { prefix, options: { onStateless, extensions = [] } } = newest
  for (const { action, workspace_id: document, message } of entries) {
    if (action !== 'client-message' || !document.startsWith(prefix)) continue
    const said = {
      payload: message,
      documentName: document.replace(prefix, ''),
      document: { broadcastStateless: text => broadcast(document, text) }
    }
    await onStateless?.(said)
    for (const extension of extensions) await extension.onStateless?.(said)
  }
}

// Keck's access hook: the test's onAuthenticate decides, as it would in Hocuspocus.
const hook = http.createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  if (request.url === '/messages') {
    await deliver(JSON.parse(body))
    response.end()
    return
  }
  const { token, document } = JSON.parse(body)
  const { prefix, options: { onAuthenticate }, admitted } = newest // the tests of a file run one after the other
  const connectionConfig = { readOnly: false }
  try {
    await onAuthenticate?.({ token, documentName: document.replace(prefix, ''), connectionConfig })
    admitted.add(document)
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ principal: token, role: connectionConfig.readOnly ? 'read' : 'write' }))
  } catch {
    response.statusCode = 403
    response.end()
  }
}).listen(Number(process.env.HOOK_PORT), '127.0.0.1')
await new Promise(resolve => hook.once('listening', resolve))
hook.unref()

export const sleep = time => new Promise(resolve => setTimeout(resolve, time))

// The documents of each test begin with a prefix of their own, as each test has a Hocuspocus server of its own.
export const newHocuspocus = async (t, options = {}) => {
  const prefix = `${run}-${servers++}/`
  const admitted = new Set()
  const documents = { get: name => ({ broadcastStateless: text => broadcast(prefix + name, text) }) }
  const server = {
    prefix,
    options,
    admitted,
    documents,
    getDocumentsCount: () => admitted.size,
    server: { webSocketURL: `ws://${keck}/hocuspocus` }
  }
  newest = server
  if (options.onLoadDocument) {
    // Keck has no such hook; a back end that has content brings it with the document's name.
    const document = new Y.Doc()
    const content = await options.onLoadDocument({ document, documentName: 'hocuspocus-test' })
    const update = content instanceof Uint8Array ? content : Y.encodeStateAsUpdate(content ?? document)
    const answer = await fetch(`http://${keck}/api/block/${encodeURIComponent(`${prefix}hocuspocus-test`)}/init`, { method: 'POST', body: update,
      headers: { 'Content-Type': 'application/octet-stream' } })
    if (!answer.ok) throw new Error(`init: ${answer.status} ${await answer.text()}`)
  }
  return server
}

export const newHocuspocusProviderWebsocket = (t, server, options = {}) => {
  const socket = new HocuspocusProviderWebsocket({ url: server.server.webSocketURL, ...options })
  t.teardown(() => socket.destroy())
  return socket
}

export const newHocuspocusProvider = (t, server, options = {}, websocketOptions = {}, websocketProvider = undefined) => {
  const provider = new HocuspocusProvider({
    websocketProvider: websocketProvider ?? newHocuspocusProviderWebsocket(t, server, websocketOptions),
    // Without a token the tests' server still asks its hook.
    ...(server.options.onAuthenticate ? { token: 'no token' } : {}),
    ...options,
    // One of the tests of sessions reads the name from what is sent.
    name: options.sessionAwareness ? options.name : `${server.prefix}${options.name ?? 'hocuspocus-test'}`
  })
  provider.attach()
  t.teardown(() => provider.destroy())
  return provider
}
