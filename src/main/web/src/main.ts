import { element } from './dom.js'
import { makePane } from './pane.js'
import { snippets } from './snippets.js'
import { language, texts } from './texts.js'

/** The facts about the server that the page contains. */
interface Server {
  version: string
  node: string
  /** Whether everyone may edit, so that the page can offer a document to try. */
  isOpen: boolean
  /** Whether the HTTP interface is described under `api/docs/`. */
  isDescribed: boolean
}

const server: Server = JSON.parse(document.querySelector<HTMLMetaElement>('meta[name=keck]')!.content)
const base = new URL('.', document.baseURI)

/** The room of this page: the one that the link names, or a new one with a name that cannot be guessed. */
const room = (): string => {
  const named = decodeURIComponent(location.hash.slice(1))
  if (named !== '') return named
  const random = [...crypto.getRandomValues(new Uint8Array(8))].map(byte => byte.toString(16).padStart(2, '0')).join('')
  history.replaceState(null, '', `#demo-${random}`)
  return `demo-${random}`
}

const copyButton = (label: string, what: () => string): HTMLElement => {
  const button = element('button', {
    type: 'button',
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(what())
      } catch {
        prompt(label, what()) // pages without TLS have no clipboard
        return
      }
      button.textContent = texts.copied
      setTimeout(() => { button.textContent = label }, 1500)
    }
  }, label)
  return button
}

const tabs = (): HTMLElement => {
  const all = snippets(base, server.isOpen ? name : 'my-doc', server.isOpen)
  const panel = element('div', { role: 'tabpanel', id: 'snippet', tabindex: 0 })
  const buttons = all.map((snippet, index) => element('button', {
    type: 'button',
    role: 'tab',
    'aria-controls': 'snippet',
    onclick: () => select(index),
    onkeydown: (event: KeyboardEvent) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
      if (step === 0) return
      const next = (index + step + all.length) % all.length
      select(next)
      buttons[next]!.focus()
    }
  }, snippet.name))
  const select = (index: number): void => {
    buttons.forEach((button, i) => {
      button.setAttribute('aria-selected', String(i === index))
      button.tabIndex = i === index ? 0 : -1
    })
    const { install, code } = all[index]!
    panel.replaceChildren(
      element('pre', { class: 'install' }, install),
      element('pre', {}, code),
      copyButton(texts.copy, () => code))
    panel.setAttribute('aria-label', all[index]!.name)
  }
  select(0)
  return element('div', { class: 'snippets' }, element('div', { role: 'tablist', 'aria-label': texts.connectTitle }, ...buttons), panel)
}

const link = (href: string, label: string): HTMLElement => element('li', {}, element('a', { href }, label))

const languageLink = (): HTMLElement => {
  const other = language() === 'de' ? 'en' : 'de'
  return element('a', { href: `?lang=${other}${location.hash}`, lang: other, hreflang: other }, texts.language)
}

document.documentElement.lang = language()
const name = server.isOpen ? room() : ''
const address = base.href.replace(/^http/, 'ws') + 'collaboration'
const tryIt = (): Node[] => [
  element('p', { class: 'lead' }, texts.lead),
  element('p', {}, texts.yours, ' ', copyButton(texts.share, () => location.href), ' ',
    element('button', { type: 'button', onclick: () => { location.hash = ''; location.reload() } }, texts.another)),
  element('div', { class: 'panes' }, makePane(0, address, name), makePane(1, address, name)),
  element('section', { class: 'stop' }, element('h2', {}, texts.stopTitle), element('p', {}, texts.stop))
]
const locked = (): Node[] => [
  element('p', { class: 'lead' }, texts.locked, ' ', element('a', { href: 'docs/access.html' }, texts.lockedMore), '.')
]

document.querySelector('main')!.replaceChildren(
  element('h1', {}, texts.title),
  ...(server.isOpen ? tryIt() : locked()),
  element('section', {},
    element('h2', {}, texts.connectTitle),
    element('p', {}, `${texts.address}: `, element('code', {}, address), ' ', copyButton(texts.copy, () => address)),
    tabs()),
  element('section', {},
    element('h2', {}, texts.more),
    element('ul', { class: 'links' },
      server.isDescribed ? link('api/docs/', texts.api) : null,
      link('docs/', texts.docs),
      link('health', texts.health))))
document.querySelector('footer')!.replaceChildren(
  `Keck ${server.version} · ${texts.servedBy} ${server.node} · `, languageLink())
window.addEventListener('hashchange', () => location.reload())
