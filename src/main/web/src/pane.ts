import { Editor } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { StarterKit } from '@tiptap/starter-kit'
import { KeckProvider } from 'keck-provider'
import * as Y from 'yjs'
import { makeBoard } from './board.js'
import { element, setText } from './dom.js'
import { texts } from './texts.js'

/** Milliseconds without a confirmation of the database after which an edit is shown as unsaved. */
const PATIENCE = 1500
const COLOURS = ['#0b6e99', '#9c3d00', '#2d6a4f', '#7b2d8b', '#8a5a00', '#a3243b']
const NAMES = ['Ada', 'Alan', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Linus', 'Frances', 'Ken']

const any = <T> (list: T[]): T => list[Math.floor(Math.random() * list.length)]!

const storedName = (index: number): string => {
  try {
    return sessionStorage.getItem(`keck-name-${index}`) ?? any(NAMES)
  } catch {
    return any(NAMES) // a browser that stores nothing
  }
}

/** The colour that another client names, or grey if it is not a colour: the value becomes a style of this page. */
const colour = (named: unknown): string => /^#[0-9a-f]{6}$/i.test(String(named)) ? String(named) : '#555555'

const renderCaret = (user: Record<string, unknown>): HTMLElement => {
  const label = element('div', { class: 'collaboration-carets__label' }, String(user.name ?? '').slice(0, 24))
  label.style.backgroundColor = colour(user.color)
  const caret = element('span', { class: 'collaboration-carets__caret' }, label)
  caret.style.borderColor = colour(user.color)
  return caret
}

/** A window on a document: the present users, the text, the tasks, and whether edits are saved. */
export const makePane = (index: number, address: string, room: string): HTMLElement => {
  const doc = new Y.Doc()
  // The two windows exchange edits through the server only, as two browsers would.
  const provider = new KeckProvider(address, room, doc, { disableBc: true })
  const user = { name: storedName(index), color: COLOURS[(index * 3 + Math.floor(Math.random() * 3)) % COLOURS.length]! }

  const area = element('div', { class: 'text' })
  const editor = new Editor({
    element: area,
    injectCSS: false,
    editorProps: { attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': `${texts.text}, ${texts.window} ${index + 1}` } },
    extensions: [
      StarterKit.configure({ undoRedo: false }),
      Collaboration.configure({ document: doc }),
      CollaborationCaret.configure({ provider, user, render: renderCaret })
    ]
  })
  const tools: Array<[string, string, () => void, () => boolean]> = [
    ['B', texts.bold, () => editor.chain().focus().toggleBold().run(), () => editor.isActive('bold')],
    ['I', texts.italic, () => editor.chain().focus().toggleItalic().run(), () => editor.isActive('italic')],
    ['H', texts.heading, () => editor.chain().focus().toggleHeading({ level: 2 }).run(), () => editor.isActive('heading')],
    ['•', texts.list, () => editor.chain().focus().toggleBulletList().run(), () => editor.isActive('bulletList')]
  ]
  const buttons = tools.map(([sign, label, act]) =>
    element('button', { type: 'button', 'aria-label': label, title: label, 'aria-pressed': 'false', onclick: act }, sign))
  editor.on('transaction', () => buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(tools[i]![3]()))))

  const name = element('input', {
    type: 'text', value: user.name, maxlength: 24, 'aria-label': texts.you,
    oninput: () => {
      user.name = name.value
      provider.awareness.setLocalStateField('user', { ...user })
      try {
        sessionStorage.setItem(`keck-name-${index}`, user.name)
      } catch {
        // a browser that stores nothing
      }
    }
  })
  name.style.borderColor = user.color

  const people = element('ul', { class: 'people', 'aria-label': texts.here })
  provider.awareness.on('change', () => {
    const states = [...provider.awareness.getStates().values()].map(state => state.user).filter(Boolean)
    people.replaceChildren(...states.map(({ name, color }) => {
      const item = element('li', { title: name }, String(name).slice(0, 1).toUpperCase() || '?')
      item.style.backgroundColor = colour(color)
      return item
    }))
  })

  const connection = element('span', { class: 'connection' })
  const mark = element('span', { class: 'mark', role: 'status' })
  let editedAt = 0
  let shownMillis = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = (): void => {
    const { status, saved } = provider
    const http = provider.transportKind === 'http' ? `, ${texts.viaHttp}` : ''
    setText(connection, ended ? texts.ended : texts[status] + http)
    connection.dataset.state = status
    const late = !saved && editedAt > 0 && performance.now() - editedAt >= PATIENCE
    mark.dataset.state = saved ? 'saved' : late || status === 'disconnected' ? 'unsaved' : 'saving'
    setText(mark, saved ? texts.saved + shownMillis : mark.dataset.state === 'unsaved' ? texts.unsaved : texts.saving)
    switcher.textContent = provider.shouldConnect ? texts.offline : texts.online
  }
  let ended = false
  doc.on('update', (_update: Uint8Array, origin: unknown) => {
    if (origin === provider || editedAt > 0) return
    editedAt = performance.now()
    clearTimeout(timer)
    timer = setTimeout(show, PATIENCE)
  })
  provider.on('saved', saved => {
    if (saved && editedAt > 0) shownMillis = ` · ${Math.max(1, Math.round(performance.now() - editedAt))} ms`
    if (saved) editedAt = 0
    show()
  })
  provider.on('status', () => {
    ended = false
    show()
  })
  provider.on('closed', () => {
    ended = true
    show()
  })
  const switcher = element('button', {
    type: 'button',
    onclick: () => {
      if (provider.shouldConnect) provider.disconnect()
      else provider.connect()
      show()
    }
  })
  show()

  return element('section', { class: 'pane', 'aria-label': `${texts.window} ${index + 1}` },
    element('header', {}, name, people, connection, mark),
    element('div', { class: 'tools', role: 'group', 'aria-label': texts.text }, ...buttons, switcher),
    area,
    makeBoard(doc).node)
}
