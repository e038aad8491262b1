# `make run` and `make test` do all the set-up themselves; a second call finds it done and takes seconds.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench demo lock

bin := .venv/bin
# The checks that only read code get addresses that nobody listens on.
offline := DATABASE_URL=postgres:///none REDIS_URL=unix:///none SECRET_KEY=none
compile := $(bin)/pip-compile --quiet --strip-extras --no-header --no-emit-options

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/'

run: .venv/.stamp node_modules/.stamp ## the product on http://127.0.0.1:8000 (PORT), until Ctrl-C
	@exec $(bin)/python manage.py serve

demo: .venv/.stamp node_modules/.stamp ## load the sample data
	@$(bin)/python manage.py migrate --verbosity 0
	@exec $(bin)/python manage.py demo

test: .venv/.tools-stamp node_modules/.stamp ## every test, browser tests included (ARGS="tests/leads -k undo")
	@bin/setup browser
	$(bin)/pytest -n 2 --dist loadgroup $(ARGS)

lint: .venv/.tools-stamp ## style, types, directions of imports, missing migrations, lock files
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/lint-imports
	$(offline) $(bin)/mypy
	$(offline) $(bin)/python -W ignore manage.py makemigrations --check --dry-run
	@! grep -nE '^--|https?://' requirements.txt requirements-dev.txt
	@! grep -n '"resolved"' package-lock.json

bench: .venv/.tools-stamp node_modules/.stamp ## the measurements of docs/performance.md
	$(bin)/python -m bench $(ARGS)

lock: .venv/.tools-stamp ## pin requirements*.in and package.json anew
	$(compile) --upgrade --output-file requirements.txt requirements.in
	$(compile) --upgrade --output-file requirements-dev.txt requirements-dev.in
	npm install --package-lock-only --ignore-scripts

.venv/.stamp: requirements.txt
	@bin/setup python
	@touch $@

.venv/.tools-stamp: requirements-dev.txt .venv/.stamp
	@bin/setup tools
	@touch $@

node_modules/.stamp: package-lock.json .venv/.stamp
	@bin/setup frontend
	@touch $@
