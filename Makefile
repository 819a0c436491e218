# Everything sets itself up: `make run` on a fresh machine is enough. `make` alone lists the targets.

PYTHON ?= python3
# Compiled modules are kept, whatever the machine says: each start without them takes half a second longer.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
# Installs the long lists for development, in a tenth of pip's time; whoever only runs the bridge needs pip alone.
UV := $(PY) -m uv
UVPIP := $(UV) pip install --python $(PY) --quiet --require-hashes

# What `make run` and `make demo` use: HOST:PORT of a Kafka that is there already; without it a local one is started.
BROKER ?=
# Passed on to what the target runs, e.g. make test ARGS="-k ledger".
ARGS ?=
# What `make fuzz` uses: how long it seeks; with a seed, it runs that round again.
MINUTES ?= 10
SEED ?=
# What `make chaos` uses: how many seeds that have no result yet, and how many at once; with a seed, it runs that one.
SEEDS ?= 10
JOBS ?= 2

# A stamp is named after the content of what was installed: a changed list means another stamp, and the set-up runs again.
fingerprint = $(shell cat $(1) | cksum | tr -d ' ')
LISTS := requirements.txt requirements-build.txt broker/requirements.txt pyproject.toml
RUN := $(VENV)/.run-$(call fingerprint,$(LISTS))
DEV := $(VENV)/.dev-$(call fingerprint,$(LISTS) requirements-uv.txt requirements-dev.txt tests/requirements-axe.txt)
DOCS := $(VENV)/.docs-$(call fingerprint,requirements-uv.txt requirements-docs.txt)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test test-engines fuzz chaos check bench docs schema rules pictures lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

run: $(RUN) ## Start everything, send sample events through it, stay up until Ctrl-C (BROKER=host:port uses your Kafka)
	@$(PY) -m examples.demo $(if $(BROKER),--broker $(BROKER)) $(ARGS)

demo: $(RUN) ## The same, and stop when all sample events have arrived
	@$(PY) -m examples.demo --once $(if $(BROKER),--broker $(BROKER)) $(ARGS)

# Many tests wait more than they compute, so there are more processes than cores. A file's tests share one process.
# The order of sets is no matter of luck either; make fuzz tries others.
test: $(DEV) ## Run all tests (ARGS="-k name" for some)
	@$(PY) tests/kit/debian.py
	@$(PY) -m tests.kit.fetch
	PYTHONHASHSEED=0 $(PY) -m pytest --numprocesses 6 --dist loadfile --no-loadscope-reorder $(ARGS)

# Not part of `make test`: what it brings is 2 GB.
test-engines: $(DEV) ## Run the recipes of docs/engines with their engines, and write the table of that page (ARGS="-k name" for some)
	@$(PY) -m tests.engines.fetch
	$(PY) -m pytest -n 0 tests/engines $(ARGS)

fuzz: $(DEV) ## Search for failing examples of the property tests for MINUTES=10 (ARGS="-k name" for some, SEED=n again)
	@$(PY) -m tests.kit.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) -- $(ARGS)

chaos: $(DEV) ## Run SEEDS=10 seeds of faults against real processes and brokers, JOBS=2 at once (SEED=n again)
	@$(PY) -m tests.chaos --seeds $(SEEDS) --jobs $(JOBS) $(if $(SEED),--seed $(SEED)) $(ARGS)

check: $(DEV) docs ## Lint, formatting, types, layers, and the documentation as a site
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(DEV) ## Run the benchmarks (ARGS=name for some)
	$(PY) -m benchmarks $(ARGS)

# Each build is a whole one, so that a page that was removed is not found.
docs: $(DOCS) ## Build the documentation as a site with a search: .local/site/index.html
	@rm -rf .local/site
	@$(VENV)/bin/sphinx-build --fail-on-warning --keep-going --quiet --fresh-env -c docs -d .local/site-parts . .local/site
	@echo "$(CURDIR)/.local/site/index.html"

schema: $(DEV) ## Write docs/bridge.schema.json again, after a change of the configuration or its page
	$(PY) -m tests.kit.config_schema

rules: $(DEV) ## Write the alert rules for the Prometheus operator again, after a change of deploy/prometheus/alerts.yaml
	@$(PY) -m tests.kit.prometheus_rule

pictures: $(DEV) ## Make the pictures of the docs again, after a change of the worker's page
	@$(PY) tests/kit/debian.py
	@$(PY) -m tests.kit.pictures

lock: $(DEV) ## Write the lists of packages and jars again (ARGS=--upgrade for newer packages)
	$(call compile,pyproject.toml,requirements.txt)
	$(call compile,pyproject.toml --extra analytics-fast --constraint requirements.txt,requirements-analytics.txt)
	$(call compile,pyproject.toml --extra analytics-fast --extra iceberg --constraint requirements-analytics.txt,requirements-iceberg.txt)
	$(call compile,pyproject.toml --extra otel --constraint requirements.txt,requirements-otel.txt)
	$(call compile,--group build,requirements-build.txt)
	$(call compile,--group uv,requirements-uv.txt)
	$(call compile,--group broker --constraint requirements.txt,broker/requirements.txt)
	$(call compile,--group java,broker/requirements-java.txt)
	$(call compile,--group dev $(foreach list,$(LISTED),--constraint $(list)),requirements-dev.txt)
	$(call compile,--group axe --no-deps,tests/requirements-axe.txt)
	$(call compile,--group unit --constraint requirements-dev.txt,tests/requirements.txt)
	$(call compile,--group engines-build --constraint requirements-dev.txt,tests/engines/requirements-build.txt)
	$(call compile,--group engines --constraint requirements-dev.txt,tests/engines/requirements.txt)
	$(call compile,--group toolchains,tests/engines/requirements-toolchains.txt)
	$(call compile,pyproject.toml --extra analytics-fast --group unit --resolution lowest-direct,tests/requirements-lowest.txt)
	$(call compile,--group docs --constraint requirements-dev.txt,requirements-docs.txt)
	$(PY) -m broker lock $(wildcard broker/*.lock.toml tests/kit/*/*.lock.toml tests/engines/*/*.lock.toml)

LISTED := requirements.txt requirements-analytics.txt requirements-iceberg.txt requirements-otel.txt requirements-build.txt broker/requirements.txt broker/requirements-java.txt
compile = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	--custom-compile-command "make lock" $(ARGS) $(1) --output-file $(2)

clean: ## Remove what was set up and the local Kafka with its data
	rm -rf $(VENV) .local dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: install Python 3.11 or newer, or make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $$($(PYTHON) --version) is too old: Python 3.11 or newer is needed (make PYTHON=/path/to/python)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(PYTHON) tests/kit/debian.py python3-venv
	@$(PYTHON) -m venv --clear $(VENV)

# One line for what is brought, with its size: the name first, for it takes a while.
bring = @printf '%s ... ' '$(1)'; { $(2); } || { echo; exit 1; }; du -sm $(VENV) | awk '{ print $$1 " MB in $(VENV)" }'

$(RUN): $(PY)
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@rm -f $(VENV)/.run-* $(VENV)/.dev-*
	$(call bring,Python packages,\
		$(PIP) install --quiet --require-hashes -r requirements.txt -r requirements-build.txt -r broker/requirements.txt && \
		$(PIP) install --quiet --no-deps --no-build-isolation --editable .)
	@touch $@

$(DEV): $(RUN)
	@rm -f $(VENV)/.dev-*
	$(call bring,Python packages for development,$(PIP) install --quiet --require-hashes -r requirements-uv.txt && \
		$(UVPIP) -r requirements-dev.txt && $(UVPIP) --no-deps -r tests/requirements-axe.txt)
	@touch $@

$(DOCS): $(PY)
	@rm -f $(VENV)/.docs-*
	$(call bring,Python packages for the documentation,$(PIP) install --quiet --require-hashes -r requirements-uv.txt && \
		$(UVPIP) -r requirements-docs.txt)
	@touch $@
