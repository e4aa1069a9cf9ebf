import { useEffect, useState, useSyncExternalStore } from 'react'
import * as Y from 'yjs'
import { KeckProvider, type Options, type Status } from './provider.js'

/** A document and its state, for a component. */
export interface Shown {
  doc: Y.Doc
  provider: KeckProvider
  status: Status
  synced: boolean
  saved: boolean
  readOnly: boolean
}

/**
 * Keeps a document in sync while the component is mounted, and renders it again when its state changes; null before the first
 * effect. A change of the address or the name opens another document; a change of the options is ignored.
 */
export const useKeck = (serverUrl: string, roomname: string, options: Options = {}): Shown | null => {
  const [provider, setProvider] = useState<KeckProvider | null>(null)
  useEffect(() => {
    const made = new KeckProvider(serverUrl, roomname, new Y.Doc(), options)
    setProvider(made)
    return () => {
      setProvider(null)
      made.destroy()
      made.doc.destroy()
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [serverUrl, roomname])
  const [store] = useState(() => makeStore())
  return useSyncExternalStore(store.subscribe(provider), store.snapshot(provider), () => null)
}

/** The awareness states of all present users by client id, including this one. */
export const useAwareness = (provider: KeckProvider | null): Map<number, Record<string, any>> => {
  const [states, setStates] = useState(new Map<number, Record<string, any>>())
  useEffect(() => {
    if (provider === null) return undefined
    let { awareness } = provider
    const show = (): void => setStates(new Map(awareness.getStates()))
    const follow = (): void => {
      awareness.off('change', show)
      awareness = provider.awareness
      awareness.on('change', show)
      show()
    }
    follow()
    provider.on('replaced', follow)
    return () => {
      provider.off('replaced', follow)
      awareness.off('change', show)
    }
  }, [provider])
  return states
}

const EVENTS = ['status', 'sync', 'saved', 'readOnly', 'replaced'] as const

/** React compares snapshots by identity, so a new one is created only when something has changed. */
const makeStore = (): {
  subscribe: (provider: KeckProvider | null) => (changed: () => void) => () => void
  snapshot: (provider: KeckProvider | null) => () => Shown | null
} => {
  let last: Shown | null = null
  const take = (provider: KeckProvider | null): Shown | null => {
    if (provider === null) return null
    const { doc, status, synced, saved, readOnly } = provider
    const isSame = last !== null && last.provider === provider && last.doc === doc && last.status === status &&
      last.synced === synced && last.saved === saved && last.readOnly === readOnly
    if (!isSame) last = { doc, provider, status, synced, saved, readOnly }
    return last
  }
  let subscribed: KeckProvider | null | undefined
  let subscribe: (changed: () => void) => () => void = () => () => {}
  return {
    subscribe: provider => {
      if (subscribed !== provider) {
        subscribed = provider
        subscribe = changed => {
          EVENTS.forEach(event => provider?.on(event, changed))
          return () => EVENTS.forEach(event => provider?.off(event, changed))
        }
      }
      return subscribe
    },
    snapshot: provider => () => take(provider)
  }
}
