# `make demo` shows the product, `make test` runs every test. Both need only Python 3.11+ and this file.
SHELL := bash
PORT ?= 8000
HOST = localhost
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check lock messages clean install-embedded install-development

help: ## show what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: install-embedded ## run the demo school; PORT=9000 and HOST=0.0.0.0 change where
	@$(BIN)/python -m justdriving.embedded demo --host $(HOST) --port $(PORT)

test: install-development messages ## run the whole test suite; ARGS="tests/bookings -x" narrows it
	@$(BIN)/python -m pytest --numprocesses 2 $(ARGS)

check: install-development messages ## linters, types, import contracts, migrations, deployment
	@scripts/check

lock: install-development ## pin the requirements anew; ARGS=--upgrade takes newer versions
	@scripts/lock $(ARGS)

messages: install-embedded ## compile the translations
	@$(BIN)/python scripts/compile_catalogs.py

clean: ## stop the servers; remove their data, caches and .venv
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m justdriving.embedded clean; fi
	@rm -rf .venv var staticfiles .ruff_cache .mypy_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.mo' -delete

install-embedded install-development: install-%:
	@scripts/install $*
