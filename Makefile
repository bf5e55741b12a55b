# Everything that is done with this project. What is missing on the machine is said with the command that installs it.

BIN := .venv/bin
ARGS ?=
ONLY ?=
ROUNDS ?=
SECONDS ?= 2
MINUTES ?= 10
JOBS ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
# Rooms that decide who gets in: every branch of them is tested.
GUARDED := portal/tokens/*,portal/authentication/*,portal/api_access/*,portal/personal_tokens/*
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help run test promise schemathesis check bench soak docs screenshots lighthouse lock installed installed-dev installed-bench programs html-checker

help:  ## List these targets
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: installed  ## Serve the portal at http://localhost:8000 (ARGS="--port 9000")
	@exec $(BIN)/portal run $(ARGS)

test: installed-dev programs html-checker  ## Run every test, a real browser, nginx and PostgreSQL included
	@rm -f .coverage .coverage.*
	@# Without compiled files every portal that a test starts would compile itself anew. And a worker that keeps to
	@# neighbouring tests opens what a room shares (browsers, servers) once.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under=95
	@$(BIN)/coverage report --skip-covered --show-missing --include='$(GUARDED)' --fail-under=100

promise: installed-dev  ## See ten thousand times that the next call honours a revoke (ROUNDS=10000)
	@ROUNDS=$(or $(ROUNDS),10000) $(BIN)/python -m pytest tests/promise $(ARGS)

schemathesis: installed-dev  ## Make up many calls for each operation of the API (EXAMPLES=200 SEED=1)
	@EXAMPLES=$(or $(EXAMPLES),200) SEED=$(or $(SEED),1) $(BIN)/python -m pytest tests/api/test_schemathesis.py -o log_cli=true -o log_cli_level=INFO $(ARGS)

check: installed-dev  ## Check format, lint, types and templates
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/djlint --quiet --lint templates

bench: installed-dev installed-bench  ## Measure against floors and peers (ONLY=verify-sqlite, ROUNDS=7, SECONDS=2)
	@$(BIN)/python -m bench run $(if $(ONLY),--only $(ONLY)) --rounds $(or $(ROUNDS),7) --seconds $(SECONDS)

soak: installed-dev installed-bench  ## Mixed load for minutes; memory and latency must stay flat (MINUTES=10)
	@$(BIN)/python -m bench soak --minutes $(MINUTES)

docs: installed  ## Make docs/settings.md from portal/settings.py
	@$(BIN)/python scripts/settings_page.py > docs/settings.md

screenshots: installed-dev programs  ## Make the pictures of docs/screenshots anew
	@$(BIN)/python -m tests.pictures docs/screenshots

lighthouse: installed programs  ## Measure the four pages that matter; needs npm
	@BIN=$(BIN) scripts/lighthouse/run

lock:  ## Resolve the dependencies anew and pin them with their hashes
	@command -v uv >/dev/null || { echo 'uv is missing. Install it: python3 -m pip install uv' >&2; exit 1; }
	@$(COMPILE) pyproject.toml --extra build -o requirements.lock
	@$(COMPILE) pyproject.toml --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) pyproject.toml --extra build --extra bench -c requirements.lock -o requirements-bench.lock

installed:
	@scripts/install requirements.lock

installed-dev:
	@scripts/install requirements-dev.lock

installed-bench:
	@scripts/install requirements-bench.lock .venv-bench

programs:
	@scripts/find-program "chromium chromium-browser google-chrome" chromium fonts-dejavu-core
	@scripts/find-program nginx nginx-light
	@scripts/find-program curl curl
	@scripts/find-program node nodejs

html-checker:
	@scripts/find-program java default-jre-headless
	@scripts/find-program npm npm
	@scripts/find-html-checker
