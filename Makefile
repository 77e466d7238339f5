PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps

RAW := $(or $(PLUMBLINE_DATA),data)/raw

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: build test bench docs lint clean lock

build: $(VENV)/.runtime
	@if [ -z "$$(ls -A $(RAW) 2>/dev/null)" ]; then \
		echo "No raw drop in $(RAW): writing a demo drop there."; plumbline demo --out $(RAW); fi
	plumbline build

test: lint
	PLUMBLINE_TARGET=clickhouse pytest tests/python/test_macros.py
	pytest --numprocesses 2 --dist loadfile

bench: $(VENV)/.dev
	python -m benchmarks

docs: $(VENV)/.runtime
	plumbline catalog --out docs/metrics.md

lint: $(VENV)/.dev
	ruff check .
	ruff format --check .
	sqlfluff lint --processes 2 $(wildcard models analyses tests)

clean:
	rm -rf $(VENV) target logs *.egg-info

# Needs `uv` on the path. The runtime lock follows the test lock, so that both hold the same versions.
lock:
	uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-header --group build --extra dev -o requirements-dev.lock
	uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-header --group build -c requirements-dev.lock -o requirements.lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Plumbline needs Python 3.11 or newer: make PYTHON=python3.12 build")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing what running needs (once, about half a minute) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing what tests need (once, about a minute) ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@ $(VENV)/.runtime
