# Commands for developers. CI runs `make check`.
# ARGS is passed to the tool: make test ARGS="-k forecast", make lock ARGS=--upgrade.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
ARGS ?=
WHOLE_FAULTS := CUSTOMERS=500 ORDERS=500 SHUFFLES=10 STRANGE=20000 PURCHASES=200 KILLS=20 OUTAGE_SECONDS=20 WEBHOOK_SECONDS=60

# DEBUG allows the embedded database and the published keys.
export DEBUG ?= 1
export DJANGO_SETTINGS_MODULE ?= dev.settings
# Containers often set this variable, with which each process would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo run manage migrations openapi test long check lint types faults fuzz bench e2e integration lock audit clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Install the packages of uv.lock into .venv, if they are not installed yet
	@tools/setup.sh

demo: setup ## Serve MINGUS with two years of demo data (PORT=8000)
	@$(PYTHON) manage.py demo $(ARGS)

run: setup ## Serve MINGUS with your own data (PORT=8000)
	@$(PYTHON) manage.py migrate --verbosity 0
	@$(PYTHON) manage.py serve --with-worker $(ARGS)

manage: setup ## Run a manage.py command on the development database: make manage ARGS=demo_code
	@$(PYTHON) manage.py $(ARGS)

migrations: setup ## Update the initial migrations from the models; they are edited in place until 0.1.0
	@$(PYTHON) manage.py write_migrations
	@$(PYTHON) manage.py makemigrations --check --dry-run

test: setup ## Run the tests on the embedded PostgreSQL
	@$(PYTHON) -m pytest -n 2 --dist worksteal -p no:schemathesis --ignore=tests/fuzz $(ARGS)

long: setup ## Run whole the long series of which make check runs a sample
	@$(PYTHON) -m pytest -n 2 -p no:schemathesis -m long $(ARGS)
	@$(WHOLE_FAULTS) $(PYTHON) -m pytest -n 2 -p no:schemathesis -p tests.selection -m faults --deselect tests/billing/test_night.py
	@CUSTOMERS=10000 $(PYTHON) -m pytest -p no:schemathesis -m faults -s tests/billing/test_night.py
	@FUZZ_EVERY=1 FUZZ_EXAMPLES=100 $(PYTHON) -m pytest -n 2 --dist each tests/fuzz
	@PG15=whole tools/integration.sh

faults: setup ## Run the fault tests, which start, kill and overload real processes
	@$(PYTHON) -m pytest -n 2 --maxschedchunk 40 -p no:schemathesis -p tests.selection -m faults $(ARGS)

check: lint types test faults fuzz integration e2e ## Run all checks, as CI does

lint: setup ## Check format, style, security, layers, migrations, the API documents, the lock and deployment settings
	@echo "== format";      .venv/bin/ruff format --check .
	@echo "== style";       .venv/bin/ruff check .
	@echo "== words";       .venv/bin/codespell
	@echo "== security";    .venv/bin/bandit -q -r -c pyproject.toml . 2>&1 | { grep -v "nosec encountered" || true; }
	@echo "== layers";      .venv/bin/lint-imports --no-cache
	@echo "== migrations";  $(PYTHON) manage.py makemigrations --check --dry-run
	@$(PYTHON) tools/lint_migrations.py
	@echo "== openapi";     $(PYTHON) tools/check_openapi.py
	@echo "== lock";        tools/lock.sh --check
	@echo "== deployment";  tools/deploy-check.sh

types: setup ## Check types with mypy
	@$(PYTHON) -m mypy .

fuzz: setup ## Fuzz every endpoint with a sample of the requests (all by make long)
	@$(PYTHON) -m pytest -n 2 --dist each tests/fuzz $(ARGS)

integration: setup ## Run a sample of the tests on Debian's PostgreSQL 15 (PG15=whole for all), then with PgBouncer and Redis
	@tools/integration.sh $(ARGS)

e2e: setup ## Run the browser tests
	@tools/e2e.sh $(ARGS)

bench: setup ## Run the benchmarks
	@tools/need.sh hledger hledger || echo "The benchmarks run without hledger."
	@tools/need.sh wrk wrk || echo "The benchmarks run without the part 'servers'."
	@$(PYTHON) -m benchmarks $(ARGS)

openapi: setup ## Write docs/openapi.yaml and docs/openapi-staff.yaml
	@$(PYTHON) manage.py spectacular --fail-on-warn --custom-settings mingus.spectacular_settings.CUSTOMERS --file docs/openapi.yaml
	@$(PYTHON) manage.py spectacular --fail-on-warn --custom-settings mingus.spectacular_settings.STAFF --file docs/openapi-staff.yaml

lock: setup ## Resolve pyproject.toml into uv.lock with the pinned versions (ARGS=--upgrade for new ones)
	@tools/lock.sh $(ARGS)

audit: setup ## Search the packages of uv.lock for known vulnerabilities (needs the internet, not in CI)
	@tools/audit.sh $(ARGS)

clean: ## Remove the virtual environment, the caches and the development database with its data
	@# a half-installed .venv can't stop the server, but must still be removed
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m dev.postgres stop || true; fi
	@rm -rf .venv .postgres .static .mail .coverage htmlcov test-results
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
