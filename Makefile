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

# Three processes: one begins with the browser tests, which use half a core; whoever is done first
# takes over what others have left. What wants the machine to itself follows; both parts always run.
pytest:
	@echo "pytest    all tests on three processes; then those that run alone"
	@status=0; \
	$(BIN)/python -m pytest -m "not serial" -n 3 --dist worksteal || status=$$?; \
	$(BIN)/python -m pytest -m serial || status=$$?; \
	exit $$status

# A wheel in dist/, with the browser modules inside.
wheel: setup
	@echo "wheel     dist/"
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
