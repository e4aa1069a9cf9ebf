// Bundles web/*.js for pages without a bundler: the provider, and the one Yjs that it and the page share. What npm publishes, dist/, is made by tsc.
import { readFile, rm } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const shared = {
  name: 'shared-yjs',
  setup: ({ onResolve }) => onResolve({ filter: /^yjs$/ }, () => ({ path: './yjs.js', external: true }))
}
const common = { bundle: true, format: 'esm', target: 'es2022', logLevel: 'warning' }
const src = name => new URL(`src/${name}`, import.meta.url).pathname
const at = name => new URL(name, import.meta.url).pathname

await rm(at('web'), { recursive: true, force: true })
await build({ ...common, entryPoints: { 'keck-provider': src('index.ts') }, outdir: at('web'), minify: true, plugins: [shared] })
await build({ ...common, stdin: { contents: "export * from 'yjs'", resolveDir: at('.') }, outfile: at('web/yjs.js'), minify: true })

const size = gzipSync(await readFile(at('web/keck-provider.js'))).length
console.log(`keck-provider.js: ${size} bytes compressed`)
if (size > 12 * 1024) throw new Error('keck-provider.js has more than 12 KB compressed')
