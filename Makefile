# Two commands do all of their own set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: demo test test-all lint bench bench-match clean

$(STAMP): pyproject.toml $(wildcard hatch_build.py scanner/index/native/*.c scanner/index/native/*.h)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing leakscan and what its demo and tests need into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all,test]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/leakscan demo

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-all: $(STAMP)
	$(BIN)/python -m pytest -n 2

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python benchmarks/drive.py

clean:
	rm -rf $(VENV) build dist .leakscan-demo .pytest_cache .mypy_cache .ruff_cache

bench-match: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[bench]' 2>/dev/null || true
	$(BIN)/python benchmarks/match.py
