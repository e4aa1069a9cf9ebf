// Builds web/: the first page (index.html, web/main.js, web/style.css) and the documentation (docs/*.html) of src/site/markdown.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { Marked } from 'marked'

const at = name => new URL(name, import.meta.url).pathname
const LARGEST = 300 * 1024

await rm(at('web'), { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: { main: at('src/main.ts'), style: at('main.css') },
  outdir: at('web/web'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
  metafile: true,
  alias: { 'keck-provider': at('../client/src/index.ts'), yjs: at('node_modules/yjs') },
  nodePaths: [at('node_modules')]
})
await mkdir(at('web/docs'), { recursive: true })
await writeFile(at('web/index.html'), await readFile(at('index.html')))

let size = 0
for (const file of Object.keys(metafile.outputs)) size += gzipSync(await readFile(file)).length
console.log(`first page: ${size} bytes compressed`)
if (size > LARGEST) throw new Error('the first page has more than 300 KB compressed')

// ---------------------------------------------------------------- documentation

const pages = at('../../site/markdown/')
/** As GitHub makes them, which the links in the pages expect. */
const slug = text => text.toLowerCase().replace(/<[^>]*>|&[a-z0-9#]+;/g, '').replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-')
const escape = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

const render = (markdown, depth) => {
  const known = new Map()
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading ({ tokens, depth }) {
        const html = this.parser.parseInline(tokens)
        const name = slug(html)
        const count = known.get(name) ?? 0
        known.set(name, count + 1)
        return `<h${depth} id="${count === 0 ? name : `${name}-${count}`}">${html}</h${depth}>\n`
      },
      link ({ href, tokens }) {
        const to = href.replace(/(^|\/)README\.md/, '$1index.html').replace(/\.md(#|$)/, '.html$1')
        return `<a href="${to.replace(/"/g, '&quot;')}">${this.parser.parseInline(tokens)}</a>`
      },
      table (token) {
        // on a phone the table scrolls on its own; tabindex lets the keyboard scroll it
        const row = cells => `<tr>${cells}</tr>`
        const cell = (tag, { tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`
        const head = row(token.header.map(part => cell('th', part)).join(''))
        const body = token.rows.map(parts => row(parts.map(part => cell('td', part)).join(''))).join('')
        return `<table tabindex="0"><thead>${head}</thead><tbody>${body}</tbody></table>\n`
      }
    }
  })
  const title = /^# (.*)/m.exec(markdown)?.[1] ?? 'Keck'
  const up = '../'.repeat(depth)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title.replace(/`/g, ''))} · Keck</title>
<link rel="icon" href="${up}favicon.ico">
<link rel="stylesheet" href="${up}web/style.css">
</head>
<body>
<main class="doc">
<nav aria-label="Documentation"><a href="${up}">Keck</a> · <a href="${up}docs/index.html">Documentation</a></nav>
${marked.parse(markdown)}
</main>
</body>
</html>
`
}

const folder = async (from, to, depth) => {
  const titles = []
  for (const entry of (await readdir(from, { withFileTypes: true })).sort((a, b) => a.name.localeCompare(b.name))) {
    if (entry.isDirectory()) {
      await mkdir(`${to}/${entry.name}`, { recursive: true })
      await folder(`${from}/${entry.name}`, `${to}/${entry.name}`, depth + 1)
    } else if (entry.name.endsWith('.md')) {
      const markdown = await readFile(`${from}/${entry.name}`, 'utf8')
      const name = entry.name === 'README.md' ? 'index.html' : entry.name.replace(/\.md$/, '.html')
      await writeFile(`${to}/${name}`, render(markdown, depth))
      titles.push(`* [${/^# (.*)/m.exec(markdown)?.[1] ?? name}](${name})`)
    }
  }
  if (depth === 1) {
    const list = `# Documentation\n\n${titles.join('\n')}\n* [Decisions](decisions/index.html)\n`
    await writeFile(`${to}/index.html`, render(list, depth))
  }
}
await folder(pages, at('web/docs'), 1)
