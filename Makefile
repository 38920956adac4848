# Every target sets up what it needs, so the first one you call on a new machine may take a minute.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
ARGS ?=

# 3.11 is what the tests run on, so it comes first; numpy and pyrevm in the dev lock have no wheels
# past 3.12. `make PYTHON=/path/to/python ...` overrides the search. Resolved before PATH is set
# below, and to a full path, so that it is never the environment's own Python.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && \
	{ $$p -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'; break; }; done)
PYTHON := $(PYTHON)

# Ape looks for its compiler and for anvil there; the pinned ones come before the machine's own.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)

.PHONY: help setup demo test test-all lint format fuzz chaos bench-gas bench-keeper contracts lock clean
.PHONY: venv-runtime venv-dev anvil python

help: ## show this list
	@if [ -t 1 ]; then c=$$(printf '\033[36m'); r=$$(printf '\033[0m'); else c=; r=; fi; \
	echo "make <target>"; \
	sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)$$/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	while IFS='|' read -r name text; do printf '  %s%-12s%s %s\n' "$$c" "$$name" "$$r" "$$text"; done

setup: venv-dev anvil ## install everything for development into .venv and .tools
	@echo "bursar: ready. 'make test' runs the tests, '. .venv/bin/activate' brings the bursar command."

demo: venv-runtime anvil ## see Bursar work on a local chain; ARGS="..." passes options
	@$(PY) -m bursar demo $(ARGS)

test: venv-dev anvil ## run the tests; ARGS="tests/... -k name" narrows them
	@$(PY) -m pytest $(ARGS)

test-all: venv-dev anvil ## the tests that `make test` leaves out for their length as well
	@$(PY) -m pytest -m "" $(ARGS)

lint: venv-dev ## ruff, mypy and the import rules; changes nothing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache --no-logo

format: venv-dev ## let ruff mend and format the Python code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

fuzz: venv-dev ## a million random calls of the contracts beside the model; ARGS="--seconds 3600" for an hour
	@$(PY) scripts/fuzz.py $(ARGS)

chaos: venv-dev anvil ## kill a keeper a thousand times and compare with the chain; writes build/chaos.json
	@$(PY) scripts/chaos.py $(ARGS)

bench-gas: venv-dev anvil ## measure gas, print it with the targets and write build/bench-gas.json
	@$(PY) scripts/bench_gas.py $(ARGS)

bench-keeper: venv-dev anvil ## measure following the chain into the store and write build/bench-keeper.json
	@$(PY) scripts/bench_keeper.py $(ARGS)

contracts: venv-dev ## compile the contracts and refresh the artifacts that the package ships
	@$(PY) scripts/refresh_artifacts.py $(ARGS)

lock: python ## resolve the dependencies anew and write requirements/*.lock
	@$(PYTHON) scripts/lock_requirements.py $(ARGS)

clean: ## remove what was built and installed in this folder
	rm -rf .venv .tools .build build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

venv-runtime: python
	@$(PYTHON) scripts/setup_venv.py runtime

venv-dev: python
	@$(PYTHON) scripts/setup_venv.py dev

anvil: python
	@$(PYTHON) scripts/install_anvil.py >/dev/null

python:
	@test -n "$(PYTHON)" || { \
	echo "bursar: no Python 3.11 or later on the PATH (looked for python3.11, python3.12, python3, python)." >&2; \
	echo "        Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
