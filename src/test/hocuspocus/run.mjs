// Runs the provider tests of Hocuspocus's repository, unchanged, against Keck.
//
//   npm ci && node run.mjs <checkout of ueberdosis/hocuspocus> <keck.jar> [file …]
//
// The tests start a Hocuspocus server of their own through a helper, `newHocuspocus`. keck.mjs takes the place of that helper:
// all tests talk to one Keck, what a test has as `onAuthenticate` answers Keck's access hook, and what it has as `onStateless`
// receives Keck's webhook.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = path.dirname(fileURLToPath(import.meta.url))
const [checkout, jar, ...only] = process.argv.slice(2)
if (!checkout || !jar) {
  console.error('usage: node run.mjs <checkout of ueberdosis/hocuspocus> <keck.jar> [file …]')
  process.exit(2)
}
const port = 21300
const hookPort = 21302
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'keck-hocuspocus-'))

const tests = path.join(checkout, 'tests')
const files = only.length > 0
  ? only
  : ['provider', 'providerwebsocket'].flatMap(dir => fs.readdirSync(path.join(tests, dir)).map(file => `${dir}/${file}`))
    .concat('server/sessionAwareness.ts', 'server/onStateless.ts', 'server/broadcastStatelessBypass.ts')
// These wait for hooks of their server that show its own objects, or send to a single connection: Keck has neither.
const hooksOnly = ['!*connection has correct*', '!*to a specific connection*']

const useKeck = {
  name: 'use-keck',
  setup (plugin) {
    plugin.onResolve({ filter: /utils\/index\.ts$/ }, () => ({ path: path.join(here, 'keck.mjs') }))
  }
}
const bundles = path.join(here, 'build')
fs.rmSync(bundles, { recursive: true, force: true })
for (const file of files) {
  await build({
    entryPoints: [path.join(tests, file)],
    outfile: path.join(bundles, file.replace(/\.ts$/, '.test.mjs')),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    plugins: [useKeck],
    tsconfigRaw: '{}', // that of the checkout maps the provider to its sources: a second copy beside the installed one
    logLevel: 'warning'
  })
}

fs.copyFileSync(path.join(here, '../../../config.yml'), path.join(data, 'config.yml'))
const keck = spawn('java', ['-jar', path.resolve(jar), 'server', 'config.yml'], {
  cwd: data,
  stdio: ['ignore', fs.openSync(path.join(data, 'log'), 'w'), 'inherit'],
  env: {
    ...process.env,
    KECK_PORT: String(port),
    KECK_ADMIN_PORT: String(port + 1),
    KECK_ANONYMOUS: 'admin',
    KECK_ACCESS_HOOK: `http://127.0.0.1:${hookPort}/`,
    HOOK_ENDPOINT: `http://127.0.0.1:${hookPort}/messages`,
    KECK_HOOK_MESSAGES: 'true',
    KECK_ACCESS_HOOK_SECRET: 'a secret that only these tests know'
  }
})
let failed = 0
try {
  for (let tries = 0; ; tries++) {
    const healthy = await fetch(`http://127.0.0.1:${port}/health`).then(answer => answer.ok, () => false)
    if (healthy) break
    if (tries > 300 || keck.exitCode !== null) throw new Error(`Keck did not start; its log is ${data}/log`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  // One process a file, one after the other: the port of the hook can be had once.
  for (const file of files) {
    const bundle = path.relative(here, path.join(bundles, file.replace(/\.ts$/, '.test.mjs')))
    const run = spawnSync(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', '--serial', '--no-worker-threads',
      '--timeout=20s', ...hooksOnly.map(title => `--match=${title}`), bundle], {
      cwd: here, stdio: 'inherit', env: { ...process.env, KECK_PORT: String(port), HOOK_PORT: String(hookPort) }
    })
    if (run.status !== 0) {
      failed++
      console.log(`failed: ${file}`)
    }
  }
} finally {
  keck.kill()
}
console.log(`${files.length - failed} files passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
