#!/usr/bin/env bash
# Install this checkout: every package by the hash in the lock. Meshwright alone is in FOLDER/bin, all else in FOLDER/venv.
# PYTHON names the interpreter, 3.11 or newer. On a GitHub runner the later steps find it on their PATH.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: scripts/install.sh FOLDER" >&2
  exit 2
fi
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$1/bin"
folder=$(cd "$1" && pwd)

# -I: whoever starts this may stand in a stranger's repository, whose modules would come first.
"${PYTHON:-python3}" -I -c '
import sys
if sys.version_info < (3, 11):
    sys.exit("meshwright needs Python 3.11 or newer, and %s is %s" % (sys.executable, sys.version.split()[0]))
'
"${PYTHON:-python3}" -I -m venv --clear "$folder/venv"
pip() {
  "$folder/venv/bin/python" -I -m pip --quiet --disable-pip-version-check "$@"
}
# No source packages: to build one would fetch what no hash covers.
pip install --require-hashes --only-binary :all: --requirement "$source/requirements/install.txt"
pip install --no-index --no-deps --no-build-isolation "$source"
ln -sf ../venv/bin/meshwright "$folder/bin/meshwright"
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$folder/bin" >> "$GITHUB_PATH"
fi
