# make lab        makes .venv, fetches the embedded model, opens the quickstart notebook in JupyterLab
# make test       every test: Python, TypeScript, notebooks, wheel, JupyterLab in a real Chromium
# make faults     faults done to real processes in full, a quarter of an hour; writes the README's table of them
# make check      format, lint, types, generated types and built page current, documentation
# make bench      the measurements that the README reports (KEYS="growth vs_repeng" measures these alone)
# make format     formats Python and TypeScript
# make docs       builds the documentation into build/site; a warning fails, and so does a page that fetches anything
# make notebooks  runs the notebooks and saves them with their outputs
# make js         builds the page into steer_widget/static
# make types      generates the page's types from steer_widget/protocol

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8888
NOTEBOOK ?= notebooks/01_quickstart.ipynb
PYTEST ?=
KEYS ?=

BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# where the system has no node, tools/need_node.sh puts one there
WITH_NODE := PATH="$(abspath $(BIN)):$$PATH"
# Jupyter refuses to run as root unless told; without a browser it only prints its address
LAB_OPTIONS := $(if $(filter 0,$(shell id -u)),--allow-root) $(if $(filter none,$(BROWSER)),--no-browser)

.DELETE_ON_ERROR:
.PHONY: lab test faults check docs bench notebooks format js types dev model clean

lab: $(STAMPS)/lab model
	@echo "JupyterLab opens $(NOTEBOOK); its address stands below. Ctrl-C twice ends it. (PORT=… BROWSER=none …)"
	$(BIN)/jupyter lab --port=$(PORT) $(LAB_OPTIONS) --log-level=WARN --LabApp.default_url=/lab/tree/$(NOTEBOOK)

model: $(STAMPS)/lab
	@$(BIN)/python -m steer_widget.embedded

test: dev model
	cd js && $(WITH_NODE) npm test
	CHROMIUM="$$(tools/need_chromium.sh)" && export CHROMIUM && $(BIN)/python -m pytest $(PYTEST)

faults: dev
	FAULTS=full FAULTS_TABLE=README.md $(BIN)/python -m pytest tests/faults $(PYTEST)

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(WITH_NODE) $(BIN)/python tools/generate_types.py --check
	cd js && $(WITH_NODE) npm run check
	$(WITH_NODE) tools/check_built_page.sh
	@$(MAKE) --no-print-directory docs

# not with --quiet, which hides warnings from --strict, too
docs: dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	$(BIN)/python tools/check_site.py build/site

notebooks: dev model
	$(BIN)/python tools/execute_notebooks.py

bench: $(STAMPS)/bench model
	$(BIN)/python -m benchmarks $(KEYS)

format: dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	cd js && $(WITH_NODE) npm run format

js: $(STAMPS)/npm
	cd js && $(WITH_NODE) npm run build

types: dev
	$(WITH_NODE) $(BIN)/python tools/generate_types.py

dev: $(STAMPS)/dev $(STAMPS)/npm

clean:
	rm -rf $(VENV) build dist js/node_modules

# ---- what has been installed, by stamp files

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "steer_widget needs Python 3.10 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS)
	touch $@

# torch first, by its pin alone: asked for by another package, it would come with gigabytes of CUDA
$(STAMPS)/lab: $(STAMPS)/venv pyproject.toml constraints.txt
	@echo "Installing steer_widget into $(VENV) (some minutes the first time)"
	$(PIP) --upgrade pip
	$(PIP) torch
	$(PIP) --editable '.[lab,plot,pandas]'
	touch $@

$(STAMPS)/dev: $(STAMPS)/lab
	$(PIP) --group dev
	touch $@

# repeng without its requirements: it asks for numpy below 2, yet runs with the one that all else here needs
$(STAMPS)/bench: $(STAMPS)/lab
	$(PIP) --group bench
	$(PIP) --no-deps repeng
	touch $@

$(STAMPS)/npm: js/package.json js/package-lock.json | $(STAMPS)/venv
	tools/need_node.sh $(BIN)
	cd js && $(WITH_NODE) npm ci --no-audit --no-fund --loglevel=error
	touch $@
