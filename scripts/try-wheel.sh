#!/usr/bin/env bash
# Install a wheel into an empty environment, as a user does, and take it through the first hour. PYTHON names the interpreter.
# The packages come from the index that pip is configured for, each by the hash in REQUIREMENTS.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo "usage: scripts/try-wheel.sh WHEEL REQUIREMENTS" >&2
  exit 2
fi
wheel=$(realpath "$1")
requirements=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

"${PYTHON:-python3}" -I -m venv venv
pip() {
  venv/bin/python -I -m pip --quiet --disable-pip-version-check "$@"
}
pip install --require-hashes --only-binary :all: --requirement "$requirements"
pip install --no-index --no-deps "$wheel"
export PATH="$folder/venv/bin:$PATH"

set -x
meshwright --version
meshwright tools --install kustomize kubeconform
meshwright new home --defaults
meshwright generate --check home
meshwright check home
meshwright new argo --defaults -d engine=argocd -d nodes=3
meshwright check argo
