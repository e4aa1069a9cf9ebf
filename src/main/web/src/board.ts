import * as Y from 'yjs'
import { element } from './dom.js'
import { texts } from './texts.js'

/** A task is a map of its own, so that two people can move and rename it at once. */
type Task = Y.Map<string | number>

const DRAG = 'application/x-keck-task'

/** A task board on a document: the map `tasks`, from ids to maps with `title`, `column` and `order`. */
export const makeBoard = (doc: Y.Doc): { node: HTMLElement, destroy: () => void } => {
  const tasks = doc.getMap<Task>('tasks')
  const lists = texts.columns.map((name, column) => element('ul', {
    'aria-label': name,
    ondragover: (event: DragEvent) => {
      if (event.dataTransfer?.types.includes(DRAG)) event.preventDefault()
    },
    ondrop: (event: DragEvent) => {
      const id = event.dataTransfer?.getData(DRAG)
      if (!id) return
      event.preventDefault()
      move(id, column)
    }
  }))
  const input = element('input', { type: 'text', placeholder: texts.newTask, 'aria-label': texts.newTask, maxlength: 80 })
  const form = element('form', {
    onsubmit: (event: Event) => {
      event.preventDefault()
      const title = input.value.trim()
      if (title === '') return
      doc.transact(() => {
        const task: Task = new Y.Map()
        task.set('title', title)
        task.set('column', 0)
        task.set('order', Date.now())
        tasks.set(crypto.randomUUID?.() ?? String(Math.random()), task)
      })
      input.value = ''
    }
  }, input, element('button', { type: 'submit' }, texts.add))

  const move = (id: string, column: number): void => {
    const task = tasks.get(id)
    if (!(task instanceof Y.Map) || column < 0 || column >= lists.length) return
    doc.transact(() => {
      task.set('column', column)
      task.set('order', Date.now())
    })
  }

  const button = (sign: string, label: string, act: () => void, disabled = false): HTMLElement =>
    element('button', { type: 'button', 'aria-label': label, title: label, disabled, onclick: act }, sign)

  const card = (id: string, task: Task): HTMLElement => {
    const title = String(task.get('title') ?? '')
    const column = Number(task.get('column') ?? 0)
    return element('li', {
      'data-id': id,
      draggable: 'true',
      ondragstart: (event: DragEvent) => event.dataTransfer?.setData(DRAG, id)
    },
    element('span', {}, title),
    button('←', `${texts.left}: ${title}`, () => move(id, column - 1), column === 0),
    button('→', `${texts.right}: ${title}`, () => move(id, column + 1), column === lists.length - 1),
    button('×', `${texts.remove}: ${title}`, () => tasks.delete(id)))
  }

  /** The cards that are shown: a card stays the same element while its task stays the same, so that no click is lost. */
  const cards = new Map<string, { looks: string, item: HTMLElement }>()
  const show = (): void => {
    const focused = (document.activeElement?.closest('li') as HTMLElement | null)?.dataset.id
    const sign = document.activeElement?.textContent
    // anyone with the link can write values that are not tasks
    const sorted = [...tasks.entries()].filter(([, task]) => task instanceof Y.Map).sort(([, a], [, b]) => Number(a.get('order')) - Number(b.get('order')))
    for (const [id, task] of sorted) {
      const looks = `${task.get('column')} ${task.get('title')}`
      if (cards.get(id)?.looks !== looks) cards.set(id, { looks, item: card(id, task) })
    }
    for (const id of cards.keys()) if (!tasks.has(id)) cards.delete(id)
    lists.forEach((list, column) => {
      const wanted = sorted.filter(([, task]) => Number(task.get('column')) === column).map(([id]) => cards.get(id)!.item)
      if (wanted.length !== list.children.length || wanted.some((item, i) => item !== list.children[i])) list.replaceChildren(...wanted)
    })
    if (focused === undefined || document.activeElement !== document.body) return
    const buttons = [...cards.get(focused)?.item.querySelectorAll('button') ?? []].filter(made => !made.disabled)
    const same = buttons.find(made => made.textContent === sign) ?? buttons[0]
    same?.focus()
  }

  const node = element('section', { class: 'board', 'aria-label': texts.board },
    form,
    element('div', { class: 'columns' }, ...lists.map((list, column) =>
      element('div', {}, element('h4', {}, texts.columns[column]!), list))))
  tasks.observeDeep(show)
  show()
  return { node, destroy: () => tasks.unobserveDeep(show) }
}
