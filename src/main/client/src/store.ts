/** A document that was replaced on the server, in the state that this page had. */
export interface Replaced {
  room: string
  /** The life of which it was a copy. */
  epoch: string
  /** The time at which it was stored, in milliseconds since 1970. */
  at: number
  /** The whole document, a V1 update. */
  update: Uint8Array
}

/** Keeps documents that were replaced, so that their unsaved edits are not lost. */
export interface ReplacedStore {
  put (replaced: Replaced): Promise<void>
  all (room: string): Promise<Replaced[]>
  delete (room: string, epoch: string): Promise<void>
}

const done = <T> (request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})

/** A store in the browser's IndexedDB, in the database `keck-replaced`; null where there is none. */
export const browserStore = (): ReplacedStore | null => {
  if (typeof indexedDB === 'undefined') return null
  const open = (): Promise<IDBDatabase> => {
    const request = indexedDB.open('keck-replaced', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('documents', { keyPath: ['room', 'epoch'] })
    return done(request)
  }
  const inStore = async <T> (mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const db = await open()
    try {
      return await done(act(db.transaction('documents', mode).objectStore('documents')))
    } finally {
      db.close()
    }
  }
  return {
    put: async replaced => { await inStore('readwrite', store => store.put(replaced)) },
    all: room => inStore('readonly', store => store.getAll(IDBKeyRange.bound([room, ''], [room, '\uffff']))),
    delete: async (room, epoch) => { await inStore('readwrite', store => store.delete([room, epoch])) }
  }
}
