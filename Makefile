# Each target sets up what it needs: Python 3.11, make and a C compiler are enough to begin with.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
COMPILED := setup.py pyproject.toml $(wildcard src/*/*.pyx src/*/*.h)
ARGS ?=

.NOTPARALLEL:
.PHONY: run test check bench soak lock

run: $(VENV)/.built
	exec $(BIN)/zerodte up $(ARGS)

test: $(VENV)/.dev $(VENV)/.built
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: $(VENV)/.dev $(VENV)/.built
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/zerodte schema build/schema
	diff schema/schema.graphql build/schema/schema.graphql
	diff schema/openapi.yaml build/schema/openapi.yaml

bench: $(VENV)/.dev $(VENV)/.built
	$(BIN)/python -m bench $(ARGS)

# The property tests with far more examples and the whole campaigns, new ones each time;
# CAMPAIGN_SEED=N repeats a campaign.
soak: $(VENV)/.dev $(VENV)/.built
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest $(ARGS)

# The versions in force and their hashes; ARGS=--upgrade takes newer ones. No file names where they came from.
lock:
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip install --quiet uv
	build/uv/bin/uv pip compile --universal --generate-hashes --no-header --quiet \
		--python-version 3.11 $(ARGS) pyproject.toml -o requirements.lock
	build/uv/bin/uv pip compile --universal --generate-hashes --no-header --quiet \
		--python-version 3.11 $(ARGS) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock | $(VENV)/.python
	$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.python
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime

# The compiled modules end up beside their sources, so that an edit of a Python file needs no build.
$(VENV)/.built: $(COMPILED) | $(VENV)/.runtime
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
