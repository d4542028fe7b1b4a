# Everything runs in .venv, installed from hashed locks. A target needs no step before it.
PYTHON ?= python3
VENV := .venv
# Tests wait more than they compute, so there are more at a time than a small machine has processors.
AT_ONCE ?= 3
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode

.PHONY: run test quick check docs bench soak pictures lock format
.DELETE_ON_ERROR:

run: $(VENV)/.run ## The bot; without Slack credentials, in a sandbox Slack of its own.
	$(BIN)/python bot.py $(ARGS)

test: $(VENV)/.dev ## Every test: SQLite, PostgreSQL and the browser.
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist worksteal $(ARGS)

quick: $(VENV)/.dev ## What needs no server and no browser: rules, views, files, stores on SQLite.
	$(BIN)/python -m pytest -q -n 2 -m "not slow" $(ARGS)

check: $(VENV)/.dev ## Lint, format, types, the arrows of ARCHITECTURE.md, migrations.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/migrations

docs: $(VENV)/.dev ## The tables in the documents that come from the code.
	$(BIN)/python -m docs.generate

bench: $(VENV)/.dev ## The figures of docs/benchmarks.md, measured here and now.
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(VENV)/.dev ## The long crash campaign: hundreds of kills on both databases.
	$(BIN)/python -m tests.campaign $(ARGS)

pictures: $(VENV)/.dev ## The README's pictures, from a real run of the sandbox's page.
	$(BIN)/python -m tests.browser.pictures

format: $(VENV)/.dev ## Let ruff mend what it can.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(UV) ## Make the locks anew from pyproject.toml.
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.txt
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.run: requirements.txt | $(UV)
	$(INSTALL) -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt | $(UV)
	$(INSTALL) -r requirements-dev.txt
	touch $@
