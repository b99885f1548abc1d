# Two commands are all a newcomer needs:
#   make lab     set everything up, start JupyterLab and open the first notebook
#   make test    set everything up and run every check
# Both may be run again at any time; what is up to date is left alone.

PYTHON ?= python3
NOTEBOOK ?= notebooks/01_matmul.ipynb
BIN := .venv/bin

# Each of thousands of processes would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help lab test setup setup-test style types extension pytest wheel
.DEFAULT_GOAL := help

help:
	@sed -n '1,5s/^# //p' Makefile

lab: setup
	@echo "lab       starting JupyterLab on 127.0.0.1 with $(NOTEBOOK)"
	@exec $(BIN)/tvmlab lab $(NOTEBOOK)

test: setup-test style types extension pytest

setup:
	@$(PYTHON) scripts/setup.py

setup-test:
	@$(PYTHON) scripts/setup.py --test

style:
	@echo "style     ruff check, ruff format"
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

types:
	@echo "types     mypy on tvmlab/"
	@$(BIN)/mypy --no-error-summary

extension:
	@echo "extension TypeScript types and tests"
	@cd extension && npm run --silent types && npm run --silent test

# Tests that own a browser or time something run alone and first; both parts always run.
pytest:
	@echo "pytest    browser and timing tests, one at a time; then all others on two processes"
	@status=0; \
	$(BIN)/python -m pytest -m "browser or serial" || status=$$?; \
	$(BIN)/python -m pytest -m "not browser and not serial" -n 2 || status=$$?; \
	exit $$status

# A wheel in dist/, with the browser modules inside.
wheel: setup
	@echo "wheel     dist/"
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
