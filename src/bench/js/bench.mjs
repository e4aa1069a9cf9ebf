// node --expose-gc bench.mjs prepare TRACES DATA | yjs|ywasm DATA OUT.json [FILTER] | cold yjs|ywasm DATA NAME
// Warm: after one run, the best of some, since others use the machine too. Cold, of yjs alone: one workload, run
// once in a process of its own; the best of three.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { prepare, read } from './data.mjs'
import { engine } from './engines.mjs'
import { memory, workloads } from './workloads.mjs'

const best = a => Math.min(...a)

function once (workload) {
  const state = workload.before()
  const start = performance.now()
  const before = process.cpuUsage()
  workload.run(state)
  const { user, system } = process.cpuUsage(before)
  const ms = performance.now() - start
  return { ms, cpu: (user + system) / 1000, ...workload.after?.(state) }
}

function warm (workload) {
  const times = []
  const cpus = []
  let result
  const deadline = performance.now() + 6000 // a slow one is measured at least once
  for (let i = 0; i < 12 && (i < 2 || performance.now() < deadline); i++) {
    global.gc()
    result = once(workload)
    if (i > 0) {
      times.push(result.ms)
      cpus.push(result.cpu)
    }
  }
  return { ...result, ms: best(times), cpu: best(cpus) }
}

const [command, ...args] = process.argv.slice(2)
console.warn = () => {}
if (command === 'prepare') {
  prepare(args[0], args[1])
} else if (command === 'cold') {
  const [name, folder, workload] = args
  console.log(once(workloads(await engine(name), read(folder))[workload]).ms)
} else {
  const [folder, file, filter = ''] = args
  const e = await engine(command)
  const data = read(folder)
  const results = {}
  for (const [name, workload] of Object.entries(workloads(e, data))) {
    if (!name.startsWith(filter)) continue
    results[name] = warm(workload)
    if (command === 'yjs' && !/ (encode|parse)$/.test(name)) {
      const cold = () => Number(execFileSync(process.execPath,
        ['--expose-gc', fileURLToPath(import.meta.url), 'cold', command, folder, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
      results[name].cold = best([cold(), cold(), cold()])
    }
    console.error(command, name, results[name])
  }
  if ('memory'.startsWith(filter)) {
    for (const [name, bytes] of Object.entries(memory(e, data))) results[name] = { bytes }
  }
  writeFileSync(file, JSON.stringify(results, null, 1))
}
