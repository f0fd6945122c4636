# One command each; everything lives in .venv. `make test` is what CI runs.
.PHONY: demo test lint types imports unit servers docs bench torture clean
.DEFAULT_GOAL := test

PYTHON ?= python3
TORTURE ?= 2500
HISTORIES ?= 10000
BIN := .venv/bin
STAMP := .venv/.installed

$(STAMP): requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip --quiet --disable-pip-version-check install --no-deps --require-hashes -r requirements/dev.lock
	$(BIN)/pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation --editable .
	touch $@

demo: $(STAMP)  ## The main job on embedded defaults: a real OpenBao, the sandbox PIM, the real daemon.
	$(BIN)/vault-pim demo

test: lint types imports unit servers  ## Every check.

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports --no-cache

unit: $(STAMP)  ## Tests within one process; they alone reach every branch of what decides, since coverage halves the speed.
	$(BIN)/pytest -q -rs -n 2 --cov --cov-report= tests/unit
	$(BIN)/coverage report --fail-under=100

servers: $(STAMP)  ## Tests with a real OpenBao, the sandbox PIM and real processes, and what is told of the whole.
	$(BIN)/pytest -q -rs -n 3 --dist loadfile --ignore tests/unit

docs: $(STAMP)  ## Rewrite the generated parts of the documentation.
	$(BIN)/python -m tests.docs.regenerate

bench: $(STAMP)  ## Ratios against bare calls, in one run; not part of the tests.
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.identify

torture: $(STAMP)  ## Kill and disturb it at every point; long. TORTURE: how many kills, HISTORIES: of the model.
	VAULT_PIM_HISTORIES=$(HISTORIES) $(BIN)/pytest -q --timeout 0 tests/model
	$(BIN)/python -m tests.crash --kills $(TORTURE) --write
	$(BIN)/python -m tests.crash.peer --write
	$(BIN)/python -m tests.crash.load --write
	$(BIN)/python -m tests.load
	$(BIN)/python -m tests.load.incident

clean:
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* dist build
