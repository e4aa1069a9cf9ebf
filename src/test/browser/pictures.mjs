// Makes the pictures of README from a running Keck: node pictures.mjs http://127.0.0.1:3000 ../../site/images
import puppeteer from 'puppeteer-core'

const [site, folder] = process.argv.slice(2)
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage()
await page.setViewport({ width: 1200, height: 620 })
await page.evaluateOnNewDocument(() => {
  sessionStorage.setItem('keck-name-0', 'Ada')
  sessionStorage.setItem('keck-name-1', 'Grace')
})
await page.goto(site)
const pane = index => `.pane:nth-child(${index})`
const say = async (selector, ...keys) => {
  await page.click(selector)
  for (const key of keys) await (key.length > 1 && /^[A-Z][a-zA-Z]+$/.test(key) ? page.keyboard.press(key) : page.keyboard.type(key))
}
await page.waitForSelector(`${pane(2)} .mark[data-state=saved]`)
await page.click(`${pane(1)} .tiptap`)
await page.click(`${pane(1)} .tools button:nth-child(3)`)
await page.keyboard.type('Release notes')
await page.keyboard.press('Enter')
await page.keyboard.type('Two people write here, and ')
await say(`${pane(1)} .board input`, 'Try it offline', 'Enter', 'Stop the server', 'Enter')
await page.waitForSelector(`${pane(2)} .board li`)
await page.click(`${pane(2)} .board li button:nth-of-type(2)`)
await page.click(`${pane(2)} .tiptap p`)
await page.keyboard.down('Control')
await page.keyboard.press('End')
await page.keyboard.up('Control')
await page.keyboard.type('what one sees is saved.')
await page.waitForSelector(`${pane(1)} .collaboration-carets__label`)
await page.waitForSelector(`${pane(2)} .mark[data-state=saved]`)
await (await page.$('.panes')).screenshot({ path: `${folder}/first-page.png` })
await browser.close()
