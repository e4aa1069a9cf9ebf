// Real editors in a real Chromium, for Java: one JSON object a line asks and one answers, as in ../js/clients.mjs.
import { createHmac } from 'node:crypto'
import http from 'node:http'
import { createInterface } from 'node:readline'
import axe from 'axe-core'
import { build } from 'esbuild'
import puppeteer from 'puppeteer-core'

// stdout belongs to the answers
console.log = console.info = console.debug = console.warn = console.error

const folder = path => new URL(path, import.meta.url).pathname

const { outputFiles: [script] } = await build({
  entryPoints: [new URL('page.js', import.meta.url).pathname],
  bundle: true,
  // KeckProvider from its sources, with the one Yjs of the page
  alias: { 'keck-provider': folder('../../main/client/src/index.ts'), yjs: folder('node_modules/yjs') },
  nodePaths: [folder('node_modules')],
  format: 'iife',
  write: false,
  logLevel: 'error'
})
const files = http.createServer((request, response) => {
  const isPage = request.url === '/'
  response.setHeader('Content-Type', isPage ? 'text/html; charset=utf-8' : 'text/javascript; charset=utf-8')
  response.end(isPage ? '<!doctype html><title>Editor</title><body><script src="/page.js"></script>' : script.contents)
})
await new Promise(resolve => files.listen(Number(process.env.PAGE_PORT), '127.0.0.1', resolve))
const site = `http://localhost:${process.env.PAGE_PORT}/`

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']
})
const pages = new Map()

/** A JSON Web Token of HS256 for all documents. */
const token = ({ secret, subject, role, seconds }) => {
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: subject, exp: Math.floor(Date.now() / 1000) + seconds, keck: { documents: [{ match: '*', role }] } }
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const load = async entry => {
  await entry.page.goto(site)
  await entry.page.evaluate(settings => window.keck.open(settings), entry.settings)
}

const operations = {
  /** @param signer makes the page's tokens, if there is one: secret, subject, role, seconds */
  open: async ({ name, signer, ...settings }) => {
    // A context of its own: pages share nothing but the server.
    const context = await browser.createBrowserContext()
    const page = await context.newPage()
    const entry = { page, settings, errors: [], signer, fetched: 0 }
    if (signer) {
      await page.exposeFunction('fetchToken', () => {
        entry.fetched++
        return token(entry.signer)
      })
    }
    page.on('pageerror', error => entry.errors.push(String(error)))
    pages.set(name, entry)
    await load(entry)
  },
  sign: ({ name, ...changes }) => Object.assign(pages.get(name).signer, changes) && null,
  reload: ({ name }) => load(pages.get(name)),
  /** Opens a page of the server itself. */
  visit: async ({ name, url, width, height }) => {
    const context = await browser.createBrowserContext()
    const page = await context.newPage()
    await page.setViewport({ width, height })
    const entry = { page, errors: [] }
    page.on('pageerror', error => entry.errors.push(String(error)))
    page.on('console', line => { if (line.type() === 'error') entry.errors.push(line.text()) })
    pages.set(name, entry)
    await page.goto(url)
  },
  /** Clicks an element of a visited page and types there. */
  write: async ({ name, selector, text, key }) => {
    const { page } = pages.get(name)
    await page.bringToFront()
    await page.click(selector)
    if (text) await page.keyboard.type(text)
    if (key) await page.keyboard.press(key)
  },
  /** What the elements of a visited page say, and what went wrong in it. */
  texts: async ({ name, selector }) => {
    const { page, errors } = pages.get(name)
    return { texts: await page.$$eval(selector, found => found.map(node => node.textContent)), errors, url: page.url() }
  },
  /** What axe finds to be serious or critical. */
  axe: async ({ name }) => {
    const { page } = pages.get(name)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() => window.axe.run(document))
    return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)
  },
  /** Types on the keyboard, at the end of the text; with `bold` as bold text. */
  type: async ({ name, text, bold }) => {
    const { page } = pages.get(name)
    const isPlain = await page.evaluate((typed, isBold) => {
      window.keck.view.type?.(typed, isBold)
      return window.keck.view.type !== undefined
    }, text, bold ?? false)
    if (isPlain) return
    await page.bringToFront()
    await page.evaluate(() => window.keck.focus())
    await page.keyboard.down('Control')
    await page.keyboard.press('End')
    if (bold) await page.keyboard.press('b')
    await page.keyboard.up('Control')
    await page.keyboard.type(text)
  },
  go: ({ name, online }) => pages.get(name).page.evaluate(to => window.keck.go(to), online),
  dump: async ({ name }) => {
    const { page, errors, fetched } = pages.get(name)
    return { ...await page.evaluate(() => window.keck.dump()), errors, fetched }
  },
  close: async () => {
    for (const { page } of pages.values()) await page.browserContext().close()
    pages.clear()
  }
}

const handle = async line => {
  const { id, op, ...args } = JSON.parse(line)
  try {
    return { id, ok: await operations[op](args) ?? null }
  } catch (error) {
    return { id, error: String(error.stack ?? error) }
  }
}

const input = createInterface({ input: process.stdin })
input.on('line', line => handle(line).then(answer => process.stdout.write(JSON.stringify(answer) + '\n')))
input.on('close', () => browser.close().finally(() => process.exit(0)))
