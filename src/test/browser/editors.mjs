// Real editors in a real Chromium, for Java: one JSON object a line asks and one answers, as in ../js/clients.mjs.
import http from 'node:http'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import puppeteer from 'puppeteer-core'

// stdout belongs to the answers
console.log = console.info = console.debug = console.warn = console.error

const { outputFiles: [script] } = await build({
  entryPoints: [new URL('page.js', import.meta.url).pathname],
  bundle: true,
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

const load = async entry => {
  await entry.page.goto(site)
  await entry.page.evaluate(settings => window.keck.open(settings), entry.settings)
}

const operations = {
  open: async ({ name, ...settings }) => {
    // A context of its own: pages share nothing but the server.
    const context = await browser.createBrowserContext()
    const page = await context.newPage()
    const entry = { page, settings, errors: [] }
    page.on('pageerror', error => entry.errors.push(String(error)))
    pages.set(name, entry)
    await load(entry)
  },
  reload: ({ name }) => load(pages.get(name)),
  /** Types on the keyboard, at the end of the text; with `bold` as bold text. */
  type: async ({ name, text, bold }) => {
    const { page } = pages.get(name)
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
    const { page, errors } = pages.get(name)
    return { ...await page.evaluate(() => window.keck.dump()), errors }
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
