#!/bin/sh
# install.sh [FOLDER]: installs the npm packages of this folder, or of another one beside it, when there is something new.
# Without npm those tests are skipped; where CI=true that is an error.
set -eu
cd "$(dirname "$0")/../${1:-js}"

# npm writes this file last, so an interrupted installation is repeated.
installed=node_modules/.package-lock.json
if [ -f "$installed" ] && [ ! package-lock.json -nt "$installed" ]; then
  exit 0
fi

# fail MESSAGE: an error on CI, a remark elsewhere.
fail() {
  echo "$PWD: $1" >&2
  if [ "${CI:-}" = true ]; then
    exit 1
  fi
  echo "$PWD: the tests that need them will be skipped" >&2
  exit 0
}

command -v node >/dev/null 2>&1 || fail "node is not installed"
command -v npm >/dev/null 2>&1 || fail "npm is not installed"
npm ci --no-audit --no-fund || fail "npm ci failed"
