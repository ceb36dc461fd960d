# The menu. `make demo` and `make test` need only Python >= 3.11 and make.
PYTHON ?= python3
# One more than two cores: those with live servers mostly wait for them.
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
VENDOR := flameblue/web/static/vendor
CATALOGUES := $(wildcard flameblue/locale/*/LC_MESSAGES/django.po)

.PHONY: help demo test lint types contracts check proof bench docs locks clean
help:  ## show this menu
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: $(VENV)/run.stamp $(VENDOR)/stamp $(VENV)/locale.stamp  ## a false valley on this machine; options: ARGS="--port 9090"
	$(BIN)/flameblue demo $(ARGS)

test: $(VENV)/dev.stamp $(VENDOR)/stamp $(VENV)/locale.stamp  ## the tests; a part of them: ARGS="tests/cases"
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not proof" $(ARGS)

lint: $(VENV)/dev.stamp  ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp  ## strict types
	FLAMEBLUE_DATA=.cache/types $(BIN)/mypy

contracts: $(VENV)/dev.stamp  ## who may import whom
	$(BIN)/lint-imports

check: lint types contracts test  ## exactly what CI runs

proof: $(VENV)/dev.stamp $(VENDOR)/stamp $(VENV)/locale.stamp  ## the whole matrix: every kill point, long runs (about an hour)
	$(BIN)/pytest -m proof $(ARGS)

bench: $(VENV)/dev.stamp  ## speed as ratios within one run; numbers are kept in docs/performance.md
	$(BIN)/pytest tests/bench -s -q -o python_files='bench_*.py' $(ARGS)

docs: $(VENV)/dev.stamp  ## the documents as a site, in English and Chinese: build/docs/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q

locks: $(VENV)/uv.stamp  ## pin the newest allowed versions
	$(BIN)/uv pip compile -q -U --generate-hashes --no-emit-index-url --extra assets pyproject.toml -o locks/run.txt
	$(BIN)/uv pip compile -q -U --generate-hashes --no-emit-index-url --all-extras -c locks/run.txt pyproject.toml -o locks/dev.txt
	echo uv | $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url -c locks/run.txt - -o locks/uv.txt

clean:  ## back to a fresh clone
	rm -rf $(VENV) .cache $(VENDOR) node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find flameblue -name '*.mo' -delete

$(VENV)/uv.stamp: locks/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Flameblue needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/uv.txt
	touch $@

# The development lock holds the demo's lock, so whoever has the first needs not the second.
$(VENV)/run.stamp: $(VENV)/uv.stamp locks/run.txt pyproject.toml
	test -f $(VENV)/dev.stamp || $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r locks/run.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev.stamp: $(VENV)/uv.stamp locks/dev.txt pyproject.toml
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r locks/dev.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/run.stamp

$(VENDOR)/stamp: package.json package-lock.json $(wildcard assets/*) | $(VENV)/run.stamp
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --no-fund --no-audit --loglevel=error
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/node assets/vendor.mjs $(VENDOR)
	touch $@

$(VENV)/locale.stamp: $(CATALOGUES) | $(VENV)/run.stamp
	test -z "$(CATALOGUES)" || $(BIN)/pybabel -q compile -D django -d flameblue/locale
	touch $@
