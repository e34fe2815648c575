# Sets up, tests and shows imgindex. Each target makes what it needs, so `make test` works in a fresh clone.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL_PINNED := $(PIP) install -qq --require-hashes
INSTALL_PROJECT := $(PIP) install -qq --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test bi postgresql check fmt lock bench clean

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' Makefile | awk -F ': ' '{ printf "make %-10s  %s\n", $$1, $$2 }'

demo: $(VENV)/.demo ## ingest the sample stores and report on them, in a temporary folder
	@$(BIN)/imgindex demo

test: $(VENV)/.dev ## all that has to pass: check, the built wheel, and the tests (ARGS goes to pytest)
	scripts/install-test-parts
	scripts/install-bi-tools $(BIN)
	@$(MAKE) --no-print-directory check
	scripts/check-wheel $(BIN)/python
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

bi: $(VENV)/.dev ## run the BI tools on the samples, and keep what they answer in tests/bi/output
	scripts/install-test-parts
	scripts/install-bi-tools $(BIN)
	IMGINDEX_KEEP=1 $(BIN)/python -m pytest -n auto --dist loadgroup tests/bi $(ARGS)

postgresql: $(VENV)/.dev ## run the tests of an index in PostgreSQL on its versions 16, 17 and 18
	scripts/install-test-parts
	scripts/test-postgresql $(BIN)

check: $(VENV)/.dev ## format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev ## format, and mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## pin what pyproject.toml asks for (with UPGRADE=1 anew)
	scripts/lock $(if $(UPGRADE),--upgrade)

bench: $(VENV)/.dev ## measure, and print the figures (STORES names stores to read instead of a generated one)
	scripts/bench $(BIN)/python $(STORES)

clean: ## remove the virtual environment, caches and builds
	rm -rf $(VENV) .venv-bi .venv-postgresql .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The files below are empty and only tell that a step is done; a change of what a step depends on repeats it.

$(VENV)/.made:
	@python=$$(scripts/find-python) && echo "Making $(VENV) with $$python" && "$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made requirements/runtime.txt requirements/build.txt pyproject.toml
	@echo "Installing what imgindex needs into $(VENV)"
	@$(INSTALL_PINNED) -r requirements/runtime.txt -r requirements/build.txt
	@$(INSTALL_PROJECT)
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements/dev.txt pyproject.toml
	@echo "Installing what imgindex and its tests need into $(VENV)"
	@$(INSTALL_PINNED) -r requirements/dev.txt
	@$(INSTALL_PROJECT)
	@touch $@ $(VENV)/.demo
