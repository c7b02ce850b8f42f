# Everything runs from .venv, which is created on first use. pip installs uv by its hash; nothing else is needed beforehand.
PYTHON ?= python3
VENV := .venv
UV := $(VENV)/bin/uv
RUN := $(UV) run --frozen --no-sync
STAMP := $(VENV)/.installed

# Let Python keep compiled code: compiling at each start would take half of a command's time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install tools all-tools demo test test-long test-full security fuzz oldest-copier oracles charts facts pins e2e redis browser lint scripts-lint prose format hooks bench examples docs schemas requirements dist try-wheel clean

install: $(STAMP)

$(UV): requirements/uv.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

$(STAMP): $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

tools: $(STAMP)
	$(RUN) meshwright tools --install kustomize kubeconform

# With Helm: a check renders charts that are available locally, and the tests have a small one.
all-tools: $(STAMP)
	$(RUN) meshwright tools --install

demo: tools
	$(RUN) python scripts/demo.py

# Without the tests with hostile repositories, which start thousands of processes: `make security` runs them.
# worksteal: neighbouring tests run in one process, and share what their module made.
test: all-tools
	$(RUN) pytest -n auto --dist worksteal --ignore=tests/security --ignore=tests/fuzz

# Dialogs in a terminal, whole sessions of a user, kills at random moments, every order of updates, and further cases of what
# `make test` tries on a few: too slow for each commit.
test-long: all-tools
	$(RUN) pytest -n auto --dist worksteal --ignore=tests/security --ignore=tests/fuzz -m 'long and not slow'

security: all-tools
	$(RUN) pytest -n auto tests/security tests/fuzz

test-full: all-tools
	$(RUN) pytest -n auto --all-configurations -m ''

# Runs every command on mutated repositories. To repeat a case, give its number: make fuzz SEED=number CASES=1.
CASES ?= 2000
SEED ?= 0
fuzz: all-tools
	PYTHONPATH=tests:generator $(RUN) python -m fuzz --cases $(CASES) --seed $(SEED)

# Tests the oldest Copier that the template supports, with an older pathspec, which matches patterns differently.
oldest-copier: requirements/oldest-copier.txt $(STAMP)
	$(UV) venv --quiet --clear build/oldest-copier
	$(UV) pip install --quiet --python build/oldest-copier/bin/python --require-hashes --only-binary :all: -r $<
	COPIER_PYTHON=$(CURDIR)/build/oldest-copier/bin/python $(RUN) pytest -n auto -m 'long and not slow' tests/template/test_clusters.py

# Compares the code that reimplements parts of Flux, Argo CD, kustomize and Linkerd with their own libraries, built with Go, and
# tries the alerts with promtool.
oracles: $(STAMP)
	cd tests/oracles/go && GOFLAGS=-mod=readonly go build -o ../../../build/oracles .
	cd tests/oracles/linkerd && GOFLAGS=-mod=readonly go build -o ../../../build/linkerd-oracle .
	cd tests/engine/modules/inject && GOFLAGS=-mod=readonly go build -o ../../../../build/inject .
	cd tests/engine/modules/podsecurity && GOFLAGS=-mod=readonly go build -o ../../../../build/podsecurity .
	cd tests/oracles/prometheus && GOFLAGS=-mod=readonly go build -tags remove_all_sd -o ../../../build/promtool github.com/prometheus/prometheus/cmd/promtool
	PYTHONPATH=tests:generator $(RUN) python -m oracles.compare build/oracles
	PYTHONPATH=tests:generator $(RUN) python -m oracles.trust build/linkerd-oracle
	PYTHONPATH=tests:generator $(RUN) python -m oracles.injections build/inject
	PYTHONPATH=tests:generator $(RUN) python -m oracles.podsecurity build/podsecurity
	PYTHONPATH=tests:generator $(RUN) python -m oracles.alerts build/promtool

# Renders repositories of many sets of answers with the real charts in CHARTS, and judges them with kubeconform, Pod Security's
# evaluator and Linkerd's injector. SETS: only these sets of answers (tests/realcharts/answers.yaml).
charts: all-tools
	@test -n "$(CHARTS)" || { echo "make charts CHARTS=folder: name a folder of charts (docs/engine-tests.md)"; exit 1; }
	PYTHONPATH=tests:generator $(RUN) python -m realcharts --charts $(CHARTS) $(SETS:%=--set %)

# Writes the facts of real charts that the stand-in charts are compared with: run it when the pin of such a chart changes.
facts: all-tools
	@test -n "$(CHARTS)" || { echo "make facts CHARTS=folder: name a folder of charts (docs/engine-tests.md)"; exit 1; }
	PYTHONPATH=tests:generator $(RUN) python -m realcharts.facts --charts $(CHARTS)

# Lists what is newer than a pin, as far as the Go module proxy, PyPI and npm know. It needs the network, and never fails.
pins: $(STAMP)
	$(RUN) python -m scripts.pins

# Tests with real Flux, Argo CD, API server and injector, in Linux namespaces; the first run builds them. CHARTS: real chart
# archives. ENGINES: how many clusters run in parallel, each with 2 GiB of memory; they wait more than they compute.
ENGINES ?= 4
e2e: all-tools redis
	$(UV) sync --frozen --quiet --group engine
	PYTHONPATH=tests:generator $(RUN) python -m engine.builds
	$(RUN) pytest -c tests/engine/pytest.ini -n $(ENGINES) $(if $(CHARTS),--charts $(CHARTS)) tests/engine/scenarios

# Installs Argo CD's cache from Debian. Without it the tests of Argo CD are skipped, and pytest's last lines say so.
redis:
	@command -v redis-server >/dev/null || ! command -v apt-get >/dev/null || test "$$(id -u)" != 0 || { \
	  apt-get update -qq && apt-get install -qq --yes --no-install-recommends redis-server; } || true

# Tests the page of `meshwright graph` in Chromium from Debian; axe-core judges accessibility.
browser: all-tools build/axe/.installed
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium; }
	$(UV) sync --frozen --quiet --group browser
	$(RUN) pytest -c tests/browser/pytest.ini -n 0 tests/browser

build/axe/.installed: tests/browser/package.json tests/browser/package-lock.json
	mkdir -p build/axe
	cp $^ build/axe
	cd build/axe && npm ci --silent --no-audit --no-fund
	@touch $@

lint: $(STAMP) prose scripts-lint
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy

# Lints the JavaScript and CSS of the page of graph and of the manual.
scripts-lint:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory build/biome/.installed && \
		build/biome/node_modules/.bin/biome lint --error-on-warnings --config-path scripts/biome generator/meshwright/graph/page scripts/manual; \
		else echo "JavaScript and CSS are not linted: it needs npm"; fi

build/biome/.installed: scripts/biome/package.json scripts/biome/package-lock.json
	mkdir -p build/biome
	cp $^ build/biome
	cd build/biome && npm ci --silent --no-audit --no-fund
	@touch $@

# Checks the language of the manual, of help and of messages (styles/README.md).
prose: $(STAMP) build/vale
	$(RUN) python -m scripts.prose

# Vale's parsers are in C. The first build takes three minutes; later ones use Go's build cache.
build/vale: scripts/vale/go.mod scripts/vale/go.sum
	@command -v go >/dev/null && command -v cc >/dev/null || { echo "make prose builds Vale: install Go and a C compiler"; exit 1; }
	cd scripts/vale && GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=1 GOFLAGS="-mod=readonly -trimpath -buildvcs=false" CGO_CFLAGS="-O1 -w" \
		go build -ldflags="-s -w" -o ../../build/vale github.com/vale-cli/vale/v3/cmd/vale

format: $(STAMP)
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

# Installs the hooks of .pre-commit-config.yaml, which run before each commit.
hooks: tools
	$(RUN) pre-commit install

bench: tools
	$(RUN) pytest tests/bench -n 0 --benchmark-only -m ''

examples: tools
	$(RUN) python scripts/examples.py

# Builds the manual's site in build/manual/site. The first run fetches Mermaid, which draws the diagrams, with npm.
docs: $(STAMP)
	$(UV) sync --frozen --quiet --group docs
	$(RUN) python -m scripts.manual

schemas: $(UV)
	$(UV) run --group schemas python -m scripts.schemas

# Run it after every change of uv.lock; a test compares the result.
requirements: $(STAMP)
	$(RUN) python scripts/requirements.py

# Builds the sdist, the wheel from it with the locked build backend, and the SBOM: nothing is fetched.
dist: $(STAMP)
	rm -rf dist
	$(UV) build --quiet --no-build-isolation --out-dir dist
	$(RUN) python -m scripts.sbom dist

# Installs the wheel into an empty environment, and creates and checks repositories with it.
try-wheel: dist
	scripts/try-wheel.sh dist/*.whl requirements/install.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
