import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { ObservableV2 } from 'lib0/observable'
import * as awarenessProtocol from 'y-protocols/awareness'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'
import { type LeftOver, Memory, reapply } from './reapply.js'
import { type ReplacedStore, browserStore } from './store.js'
import { type Listener, type Transport, openWebSocket } from './transport.js'
import { type Unsaved, beyond, ofUpdates, union } from './unsaved.js'

const SYNC = 0
const AWARENESS = 1
const AUTH = 2
const QUERY_AWARENESS = 3
const SAVED = 112
const CREDENTIAL = 113
const EPOCH = 114

/** Milliseconds without a message after which the connection counts as dead. The server sends something every 15 s. */
const SILENCE = 30_000
/** The number of unsaved updates above which they are merged. */
const MANY = 200
/** Milliseconds between a change and the writing of the persistence's marks. */
const MARK_AFTER = 1_000
const LONGEST_TIMEOUT = 2 ** 31 - 1

/** A store of the document on this device, such as `IndexeddbPersistence` of y-indexeddb. */
export interface Persistence {
  whenSynced: Promise<unknown>
  get (key: string): Promise<any>
  set (key: string, value: any): Promise<unknown>
  clearData (): Promise<void>
  destroy (): Promise<void> | void
}

export interface Options {
  /** Whether to connect at once; true by default. */
  connect?: boolean
  awareness?: awarenessProtocol.Awareness
  /** Further query parameters of the address. */
  params?: Record<string, string>
  protocols?: string[]
  /** A credential, or a function that fetches one. The function is called again before the credential expires. */
  token?: string | (() => string | Promise<string>)
  /** Creates a store that keeps the document and offline edits on this device: `doc => new IndexeddbPersistence(name, doc)`. */
  persistence?: (doc: Y.Doc) => Persistence
  /** The longest pause between attempts to connect, in milliseconds. */
  maxBackoffTime?: number
  /** Whether tabs of one browser do not pass edits to each other directly; false by default. */
  disableBc?: boolean
  WebSocketPolyfill?: typeof WebSocket
  fetch?: typeof fetch
  /** Keeps a copy of a document that was replaced on the server; IndexedDB by default, null for none. */
  replacedStore?: ReplacedStore | null
  /** Called with the unsaved edits that could not be applied to the document that replaced this one. */
  onConflict?: (conflict: Conflict) => void
}

/** Edits that were not saved when their document was replaced on the server. */
export interface Conflict {
  /** The document that was replaced, with all edits. The provider no longer changes it. */
  oldDoc: Y.Doc
  /** The document that replaced it. */
  doc: Y.Doc
  /** The number of edits that were applied to it. */
  applied: number
  /** The edits that were not applied. */
  leftOver: LeftOver[]
}

export type Status = 'connecting' | 'connected' | 'disconnected'

export interface Closed { code: number, reason: string }

export interface Events {
  status: (event: { status: Status }) => void
  sync: (synced: boolean) => void
  synced: (synced: boolean) => void
  saved: (saved: boolean) => void
  readOnly: (readOnly: boolean) => void
  /** The server refused an edit or a credential; `reason` is a sentence that can be shown to users. */
  denied: (reason: string) => void
  'connection-close': (event: Closed, provider: KeckProvider) => void
  /** The server closed the connection and reconnecting is pointless; `connect()` tries again nevertheless. */
  closed: (event: Closed, provider: KeckProvider) => void
  /** The document was replaced on the server: `provider.doc` and `provider.awareness` are new objects. */
  replaced: (event: Conflict) => void
}

const message = (type: number, write: (encoder: encoding.Encoder) => void): Uint8Array => {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, type)
  write(encoder)
  return encoding.toUint8Array(encoder)
}

/**
 * Keeps a document in sync with a Keck server. Its constructor, properties and events are those of y-websocket's
 * `WebsocketProvider`; in addition it reports whether edits are saved, which means committed in the server's database.
 */
export class KeckProvider extends ObservableV2<Events> {
  doc: Y.Doc
  awareness: awarenessProtocol.Awareness
  readonly serverUrl: string
  readonly roomname: string
  params: Record<string, string>
  maxBackoffTime: number
  /** Whether the provider tries to be connected. */
  shouldConnect = false
  status: Status = 'disconnected'
  /** Whether the server's content has arrived on the current connection. */
  synced = false
  /** Whether the server has committed all local edits. */
  saved = false
  /** Whether the server refuses edits of this client. */
  readOnly = false
  /** The life of the document on the server; null before it is known. */
  epoch: string | null = null
  persistence: Persistence | null = null

  private readonly options: Options
  private transport: Transport | null = null
  private attempt = 0
  private failures = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private renewal: ReturnType<typeof setTimeout> | undefined
  private marking: ReturnType<typeof setTimeout> | undefined
  private watch: ReturnType<typeof setInterval> | undefined
  private heard = 0
  private tabs: BroadcastChannel | null = null
  private isDestroyed = false
  private isReplacing = false

  /** Numbers of step 2s and updates sent on this connection and confirmed as saved, and whether the own step 2 was sent. */
  private sent = 0
  private confirmed = 0
  private isBrought = false
  private unsaved: Uint8Array[] = []
  /** The part of the persistence's content that was not marked as saved. */
  private unmarked: Unsaved | null = null
  /** Whether the unsaved edits are known; false for content of unknown origin until it was saved once. */
  private isBaseKnown: boolean
  private memory = new Memory()
  /** The replaced document and its unsaved edits, which are applied to the new document after its first sync. */
  private pending: { oldDoc: Y.Doc, unsaved: Unsaved | null, memory: Memory } | null = null

  /**
   * @param serverUrl `wss://example.org/collaboration`
   * @param roomname the plain name of the document; the provider encodes it for the address
   */
  constructor (serverUrl: string, roomname: string, doc: Y.Doc, options: Options = {}) {
    super()
    this.serverUrl = serverUrl.replace(/^http/, 'ws').replace(/\/+$/, '')
    this.roomname = roomname
    this.options = options
    this.params = options.params ?? {}
    this.maxBackoffTime = options.maxBackoffTime ?? 2500
    this.doc = doc
    this.awareness = options.awareness ?? new awarenessProtocol.Awareness(doc)
    this.isBaseKnown = Y.decodeStateVector(Y.encodeStateVector(doc)).size === 0 && options.persistence === undefined
    this.attach()
    globalThis.addEventListener?.('online', this.onOnline)
    globalThis.addEventListener?.('pagehide', this.onPageHide)
    if (options.connect !== false) this.connect()
  }

  get wsconnected (): boolean {
    return this.status === 'connected'
  }

  get wsconnecting (): boolean {
    return this.status === 'connecting'
  }

  /** The kind of the current transport; null while not connected. */
  get transportKind (): Transport['kind'] | null {
    return this.status === 'connected' ? this.transport!.kind : null
  }

  // ------------------------------------------------------------------ the document

  private attach (): void {
    this.doc.on('update', this.onUpdate)
    this.doc.on('afterTransaction', this.onTransaction)
    this.awareness.on('update', this.onAwareness)
    this.persistence = this.options.persistence?.(this.doc) ?? null
  }

  private detach (): void {
    this.doc.off('update', this.onUpdate)
    this.doc.off('afterTransaction', this.onTransaction)
    this.awareness.off('update', this.onAwareness)
  }

  private readonly onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) {
      if (this.saved) this.markSoon()
      return
    }
    if (origin !== this.persistence || this.persistence === null) {
      this.unsaved.push(update)
      if (this.unsaved.length > MANY) this.unsaved = [Y.mergeUpdates(this.unsaved)]
    }
    this.setSaved(false)
    const bytes = message(SYNC, encoder => syncProtocol.writeUpdate(encoder, update))
    this.sendCounted(bytes)
    this.tell(bytes)
  }

  private readonly onTransaction = (transaction: Y.Transaction): void => {
    if (transaction.origin !== this && transaction.origin !== this.persistence) this.memory.note(transaction)
  }

  private readonly onAwareness = (
    { added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>, origin: unknown
  ): void => {
    if (origin === this) return
    const clients = [...added, ...updated, ...removed]
    this.sendAwareness(awarenessProtocol.encodeAwarenessUpdate(this.awareness, clients))
  }

  private sendAwareness (states: Uint8Array): void {
    const bytes = message(AWARENESS, encoder => encoding.writeVarUint8Array(encoder, states))
    this.send(bytes)
    this.tell(bytes)
  }

  // ------------------------------------------------------------------ connecting

  connect (): void {
    if (this.isDestroyed) return
    this.shouldConnect = true
    this.failures = 0
    this.connectTabs()
    clearTimeout(this.retry)
    if (this.transport === null && this.status !== 'connecting' && !this.isReplacing) void this.open()
  }

  disconnect (): void {
    this.shouldConnect = false
    this.sayGoodbye()
    this.disconnectTabs()
    this.drop({ code: 1000, reason: '' })
  }

  override destroy (): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    this.disconnect()
    clearTimeout(this.marking)
    globalThis.removeEventListener?.('online', this.onOnline)
    globalThis.removeEventListener?.('pagehide', this.onPageHide)
    this.detach()
    void this.persistence?.destroy()
    super.destroy()
  }

  private readonly onOnline = (): void => {
    if (!this.shouldConnect || this.transport !== null || this.isReplacing) return
    this.failures = 0
    clearTimeout(this.retry)
    void this.open()
  }

  private readonly onPageHide = (): void => this.sayGoodbye()

  private sayGoodbye (): void {
    this.sendAwareness(awarenessProtocol.encodeAwarenessUpdate(this.awareness, [this.doc.clientID], new Map()))
  }

  private async open (): Promise<void> {
    const attempt = ++this.attempt
    this.setStatus('connecting')
    const isStale = (): boolean => attempt !== this.attempt || !this.shouldConnect
    try {
      await this.restore()
      if (isStale()) return
      const params: Record<string, string> = { ...this.params, saved: '1', epoch: this.epoch ?? '' }
      if (this.options.token !== undefined) {
        const ticket = await this.fetchTicket()
        if (isStale()) return
        if (ticket === null) return
        params.token = ticket
      }
      const listener = this.listener(attempt)
      this.transport = openWebSocket(
        `${this.serverUrl}/${encodeURIComponent(this.roomname)}?${new URLSearchParams(params)}`,
        this.options.protocols ?? [], this.options.WebSocketPolyfill ?? WebSocket, listener)
    } catch (error) {
      if (!isStale()) this.drop({ code: 1006, reason: String(error) })
    }
  }

  private listener (attempt: number): Listener {
    const isCurrent = (): boolean => attempt === this.attempt
    return {
      opened: () => { if (isCurrent()) this.opened() },
      message: bytes => {
        if (!isCurrent()) return
        this.heard = Date.now()
        const answer = this.read(bytes, true)
        if (answer !== null) this.send(answer)
      },
      ended: (code, reason) => { if (isCurrent()) this.drop({ code, reason }) }
    }
  }

  private opened (): void {
    this.heard = Date.now()
    this.sent = this.confirmed = 0
    this.isBrought = false
    this.setStatus('connected')
    this.send(message(SYNC, encoder => syncProtocol.writeSyncStep1(encoder, this.doc)))
    if (this.awareness.getLocalState() !== null) {
      const own = awarenessProtocol.encodeAwarenessUpdate(this.awareness, [this.doc.clientID])
      this.send(message(AWARENESS, encoder => encoding.writeVarUint8Array(encoder, own)))
    }
    this.watch = setInterval(() => {
      if (Date.now() - this.heard > SILENCE) this.drop({ code: 1006, reason: 'the server sent nothing for 30 seconds' })
    }, SILENCE / 10)
  }

  /** Ends the connection, and schedules the next one unless the close code says that it would be refused as well. */
  private drop (event: Closed): void {
    this.attempt++
    const transport = this.transport
    this.transport = null
    transport?.close()
    clearInterval(this.watch)
    clearTimeout(this.retry)
    clearTimeout(this.renewal)
    this.setSynced(false)
    const others = [...this.awareness.getStates().keys()].filter(client => client !== this.doc.clientID)
    awarenessProtocol.removeAwarenessStates(this.awareness, others, this)
    if (this.status !== 'disconnected') {
      this.setStatus('disconnected')
      this.emit('connection-close', [event, this])
    }
    if (!this.shouldConnect) return
    if (event.code === 4409) {
      this.isReplacing = true
      this.replace(event.reason).catch(error => {
        this.shouldConnect = false
        this.emit('closed', [{ code: 4409, reason: `the replaced document could not be kept: ${String(error)}` }, this])
      }).finally(() => {
        this.isReplacing = false
        if (this.shouldConnect && !this.isDestroyed) void this.open()
      })
    } else if (event.code >= 4400 && event.code < 4500 && !(event.code === 4401 && this.failures === 0 && typeof this.options.token === 'function')) {
      this.shouldConnect = false
      this.emit('closed', [event, this])
    } else {
      const pause = Math.min(this.maxBackoffTime, 100 * 2 ** this.failures++)
      this.retry = setTimeout(() => { void this.open() }, pause * (0.5 + Math.random() / 2))
    }
  }

  // ------------------------------------------------------------------ credentials

  private async credential (): Promise<string> {
    const { token } = this.options
    return typeof token === 'function' ? await token() : token!
  }

  /** Exchanges the credential for a ticket, which may be part of an address; null if the server refuses the credential. */
  private async fetchTicket (): Promise<string | null> {
    const answer = await (this.options.fetch ?? fetch)(
      `${this.serverUrl.replace(/^ws/, 'http')}/${encodeURIComponent(this.roomname)}`,
      {
        method: 'POST',
        headers: { Authorization: `Bearer ${await this.credential()}`, 'Content-Type': 'application/json' },
        body: '{}'
      })
    if (answer.status === 401 || answer.status === 403) {
      const reason = (await answer.text()).trim()
      this.emit('denied', [reason])
      this.drop({ code: 4000 + answer.status, reason })
      return null
    }
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
    const { ticket, rights, until } = await answer.json()
    this.setReadOnly(Array.isArray(rights) && !rights.includes('write'))
    this.renewBefore(until)
    return ticket ?? ''
  }

  /** @param until the end of the rights in seconds since 1970; 0 or undefined if they do not end */
  private renewBefore (until: number | undefined): void {
    clearTimeout(this.renewal)
    if (typeof this.options.token !== 'function' || !(until! > 0)) return
    const left = until! * 1000 - Date.now()
    const pause = Math.max(1000, Math.min(left > 60_000 ? left - 30_000 : left / 2, LONGEST_TIMEOUT))
    this.renewal = setTimeout(() => { void this.renew() }, pause)
  }

  private async renew (): Promise<void> {
    const attempt = this.attempt
    try {
      const credential = await this.credential()
      if (attempt === this.attempt) this.send(message(CREDENTIAL, encoder => encoding.writeVarString(encoder, credential)))
    } catch (error) {
      this.emit('denied', [String(error)]) // the connection stays open until the old credential expires
    }
  }

  private renewed (decoder: decoding.Decoder): void {
    if (decoding.readVarUint(decoder) === 0) {
      this.emit('denied', [decoding.readVarString(decoder)])
      return
    }
    this.setReadOnly(decoding.readVarUint(decoder) === 0)
    this.renewBefore(decoding.readVarUint(decoder))
  }

  // ------------------------------------------------------------------ messages

  private send (bytes: Uint8Array): void {
    if (this.status === 'connected') this.transport!.send(bytes)
  }

  private sendCounted (bytes: Uint8Array): void {
    if (this.status !== 'connected') return
    this.sent++
    this.transport!.send(bytes)
  }

  /** Handles a message of the server or of another tab; returns the answer, or null if none is due. */
  private read (bytes: Uint8Array, isOfServer: boolean): Uint8Array | null {
    const decoder = decoding.createDecoder(bytes)
    switch (decoding.readVarUint(decoder)) {
      case SYNC:
        return this.readSync(decoder, isOfServer)
      case AWARENESS:
        awarenessProtocol.applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this)
        return null
      case QUERY_AWARENESS: {
        const states = awarenessProtocol.encodeAwarenessUpdate(this.awareness, [...this.awareness.getStates().keys()])
        return message(AWARENESS, encoder => encoding.writeVarUint8Array(encoder, states))
      }
      case AUTH:
        if (decoding.readVarUint(decoder) === 0) this.emit('denied', [decoding.readVarString(decoder)])
        return null
      case SAVED:
        this.confirmed = decoding.readVarUint(decoder)
        this.judgeSaved()
        return null
      case CREDENTIAL:
        this.renewed(decoder)
        return null
      case EPOCH:
        this.setEpoch(decoding.readVarString(decoder))
        return null
      default:
        return null // a kind that a newer server sends
    }
  }

  private readSync (decoder: decoding.Decoder, isOfServer: boolean): Uint8Array | null {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, SYNC)
    const type = syncProtocol.readSyncMessage(decoder, encoder, this.doc, this)
    if (isOfServer && type === syncProtocol.messageYjsSyncStep2) {
      this.failures = 0
      this.setSynced(true)
      this.carryOver()
    }
    if (type !== syncProtocol.messageYjsSyncStep1) return null
    if (isOfServer) {
      this.sent++
      this.isBrought = true
    }
    return encoding.toUint8Array(encoder)
  }

  private judgeSaved (): void {
    if (!this.isBrought || this.confirmed !== this.sent || this.pending !== null) return
    this.unsaved = []
    this.unmarked = null
    this.isBaseKnown = true
    this.memory = new Memory()
    this.setSaved(true)
    this.markSoon()
  }

  // ------------------------------------------------------------------ other tabs

  private connectTabs (): void {
    if (this.options.disableBc === true || this.tabs !== null || typeof BroadcastChannel === 'undefined') return
    this.tabs = new BroadcastChannel(`keck ${this.serverUrl}/${this.roomname}`)
    this.tabs.onmessage = ({ data: { epoch, bytes } }) => {
      // content of a copy of another life must not be merged
      if (epoch !== null && this.epoch !== null && epoch !== this.epoch) return
      const answer = this.read(bytes, false)
      if (answer !== null) this.tell(answer)
    }
    this.tell(message(SYNC, encoder => syncProtocol.writeSyncStep1(encoder, this.doc)))
    this.tell(message(SYNC, encoder => syncProtocol.writeSyncStep2(encoder, this.doc)))
    this.tell(message(QUERY_AWARENESS, () => {}))
  }

  private disconnectTabs (): void {
    this.tabs?.close()
    this.tabs = null
  }

  private tell (bytes: Uint8Array): void {
    this.tabs?.postMessage({ epoch: this.epoch, bytes })
  }

  // ------------------------------------------------------------------ lives

  /** Waits until the persistence has loaded, and reads its marks; does so once. */
  private async restore (): Promise<void> {
    const { persistence } = this
    if (persistence === null || this.epoch !== null) return
    await persistence.whenSynced
    const [epoch, saved] = await Promise.all([persistence.get('keck-epoch'), persistence.get('keck-saved')])
    if (persistence !== this.persistence || this.epoch !== null || epoch == null) return
    this.epoch = epoch
    if (saved == null) return
    this.unmarked = beyond(this.doc, Y.decodeSnapshot(saved))
    this.isBaseKnown = true
  }

  private setEpoch (epoch: string): void {
    this.epoch = epoch
    this.markSoon()
  }

  private markSoon (): void {
    if (this.persistence === null || this.marking !== undefined) return
    this.marking = setTimeout(() => {
      this.marking = undefined
      const { persistence, epoch } = this
      if (persistence === null || epoch === null || this.isDestroyed) return
      // without the mark, a later replacement reports these edits as left over instead of applying them
      const ignored = (): void => {}
      persistence.set('keck-epoch', epoch).catch(ignored)
      if (this.saved) persistence.set('keck-saved', Y.encodeSnapshot(Y.snapshot(this.doc))).catch(ignored)
    }, MARK_AFTER)
  }

  /** Replaces the document by a new one, because its name has another life on the server; keeps the old document. */
  private async replace (epoch: string): Promise<void> {
    const oldDoc = this.doc
    const store = this.options.replacedStore === undefined ? browserStore() : this.options.replacedStore
    const update = Y.encodeStateAsUpdate(oldDoc)
    await store?.put({ room: this.roomname, epoch: this.epoch ?? '', at: Date.now(), update })
    if (this.isDestroyed) return
    clearTimeout(this.marking)
    this.marking = undefined
    await this.persistence?.clearData()
    if (this.isDestroyed) return
    // only now: until the old document is kept, its edits must still reach the provider
    this.detach()
    clearTimeout(this.marking)
    this.marking = undefined
    if (this.pending === null) {
      const own = ofUpdates(this.unsaved)
      const unsaved = !this.isBaseKnown ? null : this.unmarked === null ? own : union(this.unmarked, own)
      this.pending = { oldDoc, unsaved, memory: this.memory }
    }
    const state = this.awareness.getLocalState()
    this.awareness.destroy()
    this.doc = new Y.Doc({ gc: oldDoc.gc })
    this.awareness = new awarenessProtocol.Awareness(this.doc)
    this.awareness.setLocalState(state)
    this.unsaved = []
    this.unmarked = null
    this.isBaseKnown = true
    this.memory = new Memory()
    this.setSaved(false)
    this.epoch = /^\d+$/.test(epoch) ? epoch : null
    this.attach()
  }

  /** Applies the unsaved edits of the replaced document to the new one, after its first sync. */
  private carryOver (): void {
    if (this.pending === null) return
    const { oldDoc, unsaved, memory } = this.pending
    this.pending = null
    const { applied, leftOver } = unsaved === null
      ? { applied: 0, leftOver: [] }
      : reapply(oldDoc, unsaved, this.doc, memory)
    const conflict = { oldDoc, doc: this.doc, applied, leftOver }
    this.emit('replaced', [conflict])
    if (leftOver.length > 0 || unsaved === null) this.options.onConflict?.(conflict)
  }

  // ------------------------------------------------------------------ state and events

  private setStatus (status: Status): void {
    if (this.status === status) return
    this.status = status
    this.emit('status', [{ status }])
  }

  private setSynced (synced: boolean): void {
    if (this.synced === synced) return
    this.synced = synced
    this.emit('synced', [synced])
    this.emit('sync', [synced])
  }

  private setSaved (saved: boolean): void {
    if (this.saved === saved) return
    this.saved = saved
    this.emit('saved', [saved])
  }

  private setReadOnly (readOnly: boolean): void {
    if (this.readOnly === readOnly) return
    this.readOnly = readOnly
    this.emit('readOnly', [readOnly])
  }
}
