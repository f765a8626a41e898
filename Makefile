# Every way to work on MINGUS; CI runs `make check` and nothing else.
# ARGS reaches the tool: make test ARGS="-k forecast", make lock ARGS=--upgrade.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
ARGS ?=

# These targets are a developer's: DEBUG lets the embedded database and published keys be used.
export DEBUG ?= 1
export DJANGO_SETTINGS_MODULE ?= dev.settings
# Each process of a test run or a command would else compile every module anew where a container's environment sets this.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo run manage migrations test check lint types faults fuzz bench e2e integration lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv hold exactly what uv.lock says (nothing to do when it already does)
	@tools/setup.sh

demo: setup ## Serve the product with a person's invented year in it (PORT=8000)
	@$(PYTHON) manage.py demo $(ARGS)

run: setup ## Serve the product with your own data (PORT=8000)
	@$(PYTHON) manage.py migrate --verbosity 0
	@$(PYTHON) manage.py serve --with-worker $(ARGS)

manage: setup ## Run a command of manage.py on the development database: make manage ARGS=demo_code
	@$(PYTHON) manage.py $(ARGS)

migrations: setup ## Write the models' tables into the initial migrations, which are edited in place until 0.1.0
	@$(PYTHON) manage.py write_migrations
	@$(PYTHON) manage.py makemigrations --check --dry-run

test: setup ## Run the tests on the embedded PostgreSQL
	@$(PYTHON) -m pytest -n 2 --dist worksteal -p no:schemathesis --ignore=tests/fuzz $(ARGS)

faults: setup ## Start, kill and crowd real processes: what was promised holds
	@$(PYTHON) -m pytest -n 2 --maxschedchunk 40 -m faults $(ARGS)

check: lint types test faults fuzz integration e2e ## Everything that CI runs

lint: setup ## Format, style, security, layers, migrations, the lock and the deployment checks
	@echo "== format";      .venv/bin/ruff format --check .
	@echo "== style";       .venv/bin/ruff check .
	@echo "== security";    .venv/bin/bandit -q -r -c pyproject.toml . 2>&1 | { grep -v "nosec encountered" || true; }
	@echo "== layers";      .venv/bin/lint-imports --no-cache
	@echo "== migrations";  $(PYTHON) manage.py makemigrations --check --dry-run
	@$(PYTHON) tools/lint_migrations.py
	@echo "== lock";        tools/lock.sh --check
	@echo "== deployment";  tools/deploy-check.sh

types: setup ## Check every annotation with mypy
	@$(PYTHON) -m mypy .

fuzz: setup ## Ask every address what nobody thought of (FUZZ_EXAMPLES=100 looks longer)
	@$(PYTHON) -m pytest -n 2 tests/fuzz $(ARGS)

integration: setup ## Run the tests on Debian's PostgreSQL 15, then through PgBouncer
	@tools/integration.sh $(ARGS)

e2e: setup ## Use the product in a real browser
	@tools/e2e.sh $(ARGS)

bench: setup ## Measure what benchmarks/ says it measures
	@tools/need.sh hledger hledger || echo "It is measured without hledger."
	@$(PYTHON) -m benchmarks $(ARGS)

lock: setup ## Resolve pyproject.toml into uv.lock, keeping the pinned versions (ARGS=--upgrade for new ones)
	@tools/lock.sh $(ARGS)

clean: ## Remove the environment, the caches and the development database with its data
	@# a half-installed .venv cannot stop the server, and must be removed all the same
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m dev.postgres stop || true; fi
	@rm -rf .venv .postgres .static .mail .coverage htmlcov test-results
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
