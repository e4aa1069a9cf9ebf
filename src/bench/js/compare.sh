#!/bin/sh
# Measures Keck's engine beside the real Yjs and ywasm, on this machine and in this session, and prints one table.
#
#   src/bench/js/compare.sh [PREFIX]
#
# PREFIX: how the names of the workloads that are wanted begin, as B1 or Sa. TRACES (environment): the folder with
# automerge-paper.json.gz, by default src/bench/traces. BENCH_JVM: options of the measuring JVM, as -Dbench.forks=1.
set -eu
cd "$(dirname "$0")/../../.."

prefix=${1:-}
out=$PWD/target/bench
js=src/bench/js
mkdir -p "$out"

[ -f "$js/node_modules/.package-lock.json" ] || (cd "$js" && npm ci --no-audit --no-fund)
node "$js/bench.mjs" prepare "${TRACES:-src/bench/traces}" "$out/data"

./mvnw -q -Pbench -DskipTests -Dspotless.check.skip=true test-compile exec:exec@bench \
  -Dbench.jvm="-Dbench.data=$out/data ${BENCH_JVM:-}" -Dbench.args="$out/keck.json $prefix" >"$out/keck.log"
node --expose-gc "$js/bench.mjs" yjs "$out/data" "$out/yjs.json" "$prefix"
# ywasm is optional: not every platform can install it
node --expose-gc "$js/bench.mjs" ywasm "$out/data" "$out/ywasm.json" "$prefix" || rm -f "$out/ywasm.json"

node "$js/table.mjs" "$out"
