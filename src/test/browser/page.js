// What runs in Chromium: one editor a page, made as the documentation of the editor and of its provider says.
import { BlockNoteEditor } from '@blocknote/core'
import { Editor } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { StarterKit } from '@tiptap/starter-kit'
import { createYjsProvider } from '@y-sweet/client'
import {
  YDocProvider, useConnectionStatus, useHasLocalChanges, usePresence, usePresenceSetter, useText, useYjsProvider
} from '@y-sweet/react'
import { HocuspocusProvider } from 'hocuspocus-provider-4'
import { KeckProvider } from 'keck-provider'
import { createElement, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { IndexeddbPersistence } from 'y-indexeddb'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const providers = {
  hocuspocus: ({ host, document, token }, doc) => {
    const provider = new HocuspocusProvider({ url: `ws://${host}/hocuspocus`, name: document, document: doc, token: token ?? '' })
    return { provider, isSaved: () => provider.isSynced && !provider.hasUnsyncedChanges }
  },
  'y-websocket': ({ host, document, token }, doc) => {
    const provider = new WebsocketProvider(`ws://${host}/collaboration`, encodeURIComponent(document), doc,
      { disableBc: true, params: token ? { token } : {} })
    return { provider, isSaved: () => provider.synced }
  },
  keck: ({ host, document, token, kept }, doc) => {
    const replaced = []
    const provider = new KeckProvider(`ws://${host}/collaboration`, document, doc, {
      token: window.fetchToken ?? (token || undefined),
      persistence: kept ? doc => new IndexeddbPersistence(document, doc) : undefined,
      onConflict: conflict => replaced.push(conflict)
    })
    const events = []
    provider.on('status', ({ status }) => events.push(status))
    provider.on('closed', ({ code }) => events.push(code))
    provider.on('denied', reason => events.push(reason))
    return { provider, isSaved: () => provider.saved, replaced, events }
  },
  'y-sweet': (where, doc) => {
    const provider = createYjsProvider(doc, where.document, ySweetTokens(where), { showDebuggerLink: false })
    return { provider, isSaved: () => provider.status === 'connected' && !provider.hasLocalChanges }
  },
  /** An application of React: what the page shows and whether it is saved come from the hooks alone. */
  'y-sweet-react': (where, doc, element, user) => new Promise(resolve => {
    let isSaved = false
    const Editor = () => {
      const provider = useYjsProvider()
      const text = useText('t')
      const others = usePresence()
      const setPresence = usePresenceSetter()
      const status = useConnectionStatus()
      const hasLocalChanges = useHasLocalChanges()
      isSaved = status === 'connected' && !hasLocalChanges
      useEffect(() => {
        setPresence({ user })
        resolve({ provider, text, isSaved: () => isSaved })
      }, [provider])
      const names = [...others.values()].map(other => other.user?.name).filter(Boolean)
      return createElement('div', null, createElement('p', null, text.toString()),
        names.map(name => createElement('i', { key: name, className: 'present' }, name)))
    }
    createRoot(element).render(createElement(YDocProvider,
      { docId: where.document, authEndpoint: ySweetTokens(where), showDebuggerLink: false }, createElement(Editor)))
  })
}

/** What getOrCreateDocAndToken of y-sweet's SDK does. */
function ySweetTokens ({ host, document, token }) {
  const post = async (path, body) => {
    const answer = await fetch(`http://${host}${path}`, {
      method: 'POST', body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) }
    })
    return answer.json()
  }
  return async () => {
    await post('/doc/new', { docId: document })
    return post(`/doc/${encodeURIComponent(document)}/auth`, {})
  }
}

/** The import is not the bundler's business: it happens in the page. */
const served = async ({ host, document }) => {
  const at = name => `http://${host}/client/${name}`
  const { KeckProvider } = await import(at('keck-provider.js'))
  const { Doc } = await import(at('yjs.js'))
  const provider = new KeckProvider(`ws://${host}/collaboration`, document, new Doc())
  return { provider, isSaved: () => provider.saved }
}

const editors = {
  /** No editor: text that is typed goes to the end of a Y.Text, of the document that the provider has now. */
  plain: (element, doc, provider) => {
    const text = () => provider.doc.getText('t')
    return {
      text: () => text().toString(),
      focus: () => {},
      type: (typed, bold) => text().insert(text().length, typed, bold ? { bold: true } : {})
    }
  },
  /** The components of the provider; typing goes to the text that the hook gave them. */
  react: (element, doc, { text }) => ({
    text: () => element.querySelector('p').textContent,
    focus: () => {},
    type: typed => text.insert(text.length, typed)
  }),
  tiptap: (element, doc, provider, user) => {
    const editor = new Editor({
      element,
      extensions: [
        StarterKit.configure({ undoRedo: false }),
        Collaboration.configure({ document: doc }),
        CollaborationCaret.configure({ provider, user })
      ]
    })
    return { text: () => editor.getText({ blockSeparator: '\n' }), focus: () => editor.view.focus() }
  },
  blocknote: (element, doc, provider, user) => {
    const editor = BlockNoteEditor.create({
      collaboration: { fragment: doc.getXmlFragment('blocknote'), provider, user, showCursorLabels: 'always' }
    })
    editor.mount(element)
    return {
      text: () => editor.document.map(block => (block.content ?? []).map(part => part.text).join('')).join('\n').trim(),
      focus: () => editor.focus()
    }
  }
}

window.keck = {
  open: async ({ editor, provider, user, ...where }) => {
    const doc = new Y.Doc()
    const element = document.body.appendChild(document.createElement('main'))
    const person = { name: user, color: '#336699' }
    const made = provider === 'served' ? await served(where) : await providers[provider](where, doc, element, person)
    const view = editors[editor](element, doc, editor === 'react' ? made : made.provider, person)
    Object.assign(window.keck, {
      doc,
      focus: view.focus,
      view,
      go: online => online ? made.provider.connect() : made.provider.disconnect(),
      dump: async () => ({
        text: view.text(),
        html: element.innerHTML,
        saved: made.isSaved(),
        // The names at the carets of others, wherever the editor draws them.
        carets: [...element.querySelectorAll('.collaboration-carets__label, .bn-collaboration-cursor__label, .present')]
          .map(label => label.textContent),
        xml: editor === 'plain' || editor === 'react' ? '' : doc.getXmlFragment(editor === 'tiptap' ? 'default' : 'blocknote').toString(),
        events: made.events ?? [],
        leftOver: (made.replaced ?? []).flatMap(conflict => conflict.leftOver),
        // the marks of what is saved, of a page that keeps its document
        marked: await made.provider.persistence?.get?.('keck-saved') != null,
        transport: made.provider.transportKind ?? '',
        readOnly: made.provider.readOnly ?? false
      })
    })
  }
}
