type Child = Node | string | null

/** Makes an element: attributes by name, `on…` as listeners, children as nodes or text. */
export const element = <K extends keyof HTMLElementTagNameMap> (
  name: K, attributes: Record<string, any> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else if (value === true) made.setAttribute(key, '')
    else if (value !== false && value != null) made.setAttribute(key, String(value))
  }
  made.append(...children.filter(child => child !== null))
  return made
}

/** Sets text only where it changes, so that screen readers do not repeat it. */
export const setText = (node: HTMLElement, text: string): void => {
  if (node.textContent !== text) node.textContent = text
}
