# Needs only make and a python3 of 3.11 or newer; everything else goes into .venv.
PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
BASE = $(VENV)/.base
STAMP = $(VENV)/.installed
WORKERS ?= 2
TYPESCRIPT = typescript@5.9.3
TSC = npx --offline -y -p $(TYPESCRIPT) tsc
unexport PYTHONDONTWRITEBYTECODE # else both workers, and each process that a test starts, compile the modules anew
TESTS = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help venv demo test check lint test-full test-oldest test-newest lock maps pages notebooks clean
.DEFAULT_GOAL = help

help:
	@echo 'make demo       screen the shipped projects into ./hmgeo-demo'
	@echo 'make test       lint, types and tests (HMGEO_REQUIRE_BROWSER=1: fail, not skip, where Chromium is missing)'
	@echo 'make check      the tests alone'
	@echo 'make test-full  the same with slow tests, many random cases, Chromium and Firefox required'
	@echo 'make lint       ruff and mypy alone, and tsc on the scripts of the page where it is there'
	@echo 'make maps       draw every map definition in maps/'
	@echo 'make pages      write the pages of docs/ that are made from the code'
	@echo 'make notebooks  run the notebooks and store what comes out in them'
	@echo 'make test-oldest, make test-newest   a short core of the tests with the lowest versions that pyproject.toml allows, and the newest'
	@echo 'make lock       write .ci/lock.txt, the versions by which .ci/run installs'
	@echo 'make clean      remove what these targets made, .venv included'

venv: $(STAMP)

$(BASE): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("hmgeo needs Python 3.11 or newer: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $(BASE)

$(STAMP): $(BASE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $(STAMP)

demo: $(BASE)
	$(BIN)/hmgeo demo --out hmgeo-demo

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if $(TSC) --version >/dev/null 2>&1; then $(TSC) -p tools; \
	else echo "scripts of the page not checked: no node, or no tsc yet (npx -y -p $(TYPESCRIPT) tsc --version fetches it)"; fi

test: $(STAMP)
	@$(MAKE) -j2 lint check # side by side: types are looked at on one processor, which would leave the other idle

check: $(STAMP)
	HMGEO_REQUIRE_BROWSER='$(HMGEO_REQUIRE_BROWSER)' $(TESTS) -m 'not slow'

test-full: lint
	HMGEO_REQUIRE_BROWSER=1 HMGEO_CHROMIUM="$${HMGEO_CHROMIUM:-$$(command -v chromium)}" HYPOTHESIS_PROFILE=thorough $(TESTS)

maps: $(STAMP)
	$(BIN)/hmgeo map maps

# Judged by a short core of the tests: files in, distances, rules, tables out.
CORE = tests/test_first_use.py tests/test_tables.py tests/test_oracle.py tests/test_intake_formats.py tests/test_rules_judged.py tests/test_screen_files.py tests/test_workbook.py tests/test_figure.py

test-oldest: $(STAMP)
	$(BIN)/python tools/dependencies.py oldest > $(VENV)/oldest.txt
	$(PYTHON) -m venv $(VENV)/oldest
	PIP_CONSTRAINT=$(VENV)/oldest.txt $(VENV)/oldest/bin/python -m pip install --quiet --disable-pip-version-check -e . pytest hypothesis jsonschema lat-lon-parser xlwt fonttools
	$(VENV)/oldest/bin/python -m pytest -q -W default $(CORE)

test-newest:
	$(PYTHON) -m venv $(VENV)/newest
	$(VENV)/newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --upgrade-strategy eager -e . pytest hypothesis jsonschema lat-lon-parser xlwt fonttools
	$(VENV)/newest/bin/python -m pytest -q -W default $(CORE)

lock: $(STAMP)
	$(BIN)/python tools/dependencies.py lock > .ci/lock.txt

pages: $(STAMP)
	$(BIN)/python tools/dependencies.py licences > $(VENV)/page
	mv $(VENV)/page docs/licences.md
	$(BIN)/python tools/architecture.py > /dev/null
	$(BIN)/python tests/test_headers.py
	$(BIN)/python tools/clauses.py > $(VENV)/page
	mv $(VENV)/page docs/clauses.md
	$(BIN)/python tools/pages.py columns > $(VENV)/page
	mv $(VENV)/page docs/columns.md
	$(BIN)/python tools/pages.py rules > $(VENV)/page
	mv $(VENV)/page docs/rules.md

notebooks: $(STAMP)
	$(BIN)/python tests/test_notebooks.py

clean:
	rm -rf $(VENV) hmgeo-demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
