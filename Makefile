# Everything that is done with this project. What is missing on the machine is said with the command that installs it.

BIN := .venv/bin
ARGS ?=
JOBS ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
# Rooms that decide who gets in: every branch of them is tested.
GUARDED := portal/tokens/*,portal/authentication/*,portal/api_access/*,portal/personal_tokens/*
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help run test check docs screenshots lighthouse lock installed installed-dev browser html-checker

help:  ## List these targets
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: installed  ## Serve the portal at http://localhost:8000 (ARGS="--port 9000")
	@exec $(BIN)/portal run $(ARGS)

test: installed-dev browser html-checker  ## Run every test, a real browser and PostgreSQL included
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under=95
	@$(BIN)/coverage report --skip-covered --show-missing --include='$(GUARDED)' --fail-under=100

check: installed-dev  ## Check format, lint, types and templates
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/djlint --quiet --lint templates

docs: installed  ## Make docs/settings.md from portal/settings.py
	@$(BIN)/python scripts/settings_page.py > docs/settings.md

screenshots: installed-dev browser  ## Make the pictures of docs/screenshots anew
	@$(BIN)/python -m tests.pictures docs/screenshots

lighthouse: installed browser  ## Measure the four pages that matter; needs npm
	@BIN=$(BIN) scripts/lighthouse/run

lock:  ## Resolve the dependencies anew and pin them with their hashes
	@command -v uv >/dev/null || { echo 'uv is missing. Install it: python3 -m pip install uv' >&2; exit 1; }
	@$(COMPILE) pyproject.toml --extra build -o requirements.lock
	@$(COMPILE) pyproject.toml --extra build --extra dev -c requirements.lock -o requirements-dev.lock

installed:
	@scripts/install requirements.lock

installed-dev:
	@scripts/install requirements-dev.lock

browser:
	@scripts/find-browser

html-checker:
	@scripts/find-html-checker
