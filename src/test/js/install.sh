#!/bin/sh
# Installs the npm packages of the interop tests, when there is something new to install.
# Without npm those tests are skipped; where CI=true that is an error.
set -eu
cd "$(dirname "$0")"

# npm writes this file last, so an interrupted installation is repeated.
installed=node_modules/.package-lock.json
if [ -f "$installed" ] && [ ! package-lock.json -nt "$installed" ]; then
  exit 0
fi

# fail MESSAGE: an error on CI, a remark elsewhere.
fail() {
  echo "src/test/js: $1" >&2
  if [ "${CI:-}" = true ]; then
    exit 1
  fi
  echo "src/test/js: the tests against the real Yjs will be skipped" >&2
  exit 0
}

command -v node >/dev/null 2>&1 || fail "node is not installed"
command -v npm >/dev/null 2>&1 || fail "npm is not installed"
npm ci --no-audit --no-fund --omit=optional || fail "npm ci failed"
