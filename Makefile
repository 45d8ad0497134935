# The workshop. One virtual environment, .venv: `make serve` fills it with what the simulator needs, `make test`
# adds what its developers need. Everything is pinned with hashes; stamps make a second run instant.

PYTHON ?= python3
UV ?= uv
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
FACTS := $(VENV)/facts.json

.DEFAULT_GOAL := help
.PHONY: help serve test lint audit facts deep bench lock docs pictures image build clean
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

serve: $(VENV)/serve.stamp ## the simulator at http://127.0.0.1:8080 (ARGS="--port 9000")
	@$(BIN)/vatportal-mock serve $(ARGS)

test: $(VENV)/dev.stamp ## all tests but the deep ones, then: has each fact and reading one? (some: ARGS="-k delete")
	$(BIN)/python -m pytest -n 2 -m "not deep" --facts=$(FACTS) $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.facts_report --brief $(FACTS))

facts: $(VENV)/dev.stamp ## the same tests, then the table of which test proves what
	$(BIN)/python -m pytest -n 2 -m "not deep" --facts=$(FACTS) --quiet; tests=$$?; \
	$(BIN)/python -m tests.facts_report $(FACTS) && exit $$tests

deep: $(VENV)/dev.stamp ## the tests that take long, and all that call a server on PostgreSQL too
	$(BIN)/python -m pytest -n 2 -m deep $(ARGS)
	$(BIN)/python -m pytest -n 2 -m "not deep" --both-engines -k postgresql tests/http tests/control

bench: $(VENV)/bench.stamp ## how fast it is, beside other servers: tables, a picture, JSON (30 min; some: ARGS="poll import")
	$(BIN)/python -m benchmarks.bench $(ARGS)

lint: $(VENV)/dev.stamp ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: $(VENV)/dev.stamp ## known vulnerabilities of the locked packages, and dist/sbom.cdx.json, a bill of materials of them
	.ci/audit $(BIN)

docs: $(VENV)/dev.stamp ## the reference pages of the handbook, from code and data
	$(BIN)/python -m docs.make_reference

image: $(VENV)/dev.stamp ## the container images with buildah, run with podman and tested (root, Debian; no Docker engine needed)
	tests/image/build.sh
	$(BIN)/python -m pytest -m deep tests/image $(ARGS)

pictures: $(VENV)/dev.stamp ## the pictures of the dashboard in docs/images (needs chromium)
	PICTURES=keep $(BIN)/python -m pytest --quiet tests/browser/test_pictures.py

build: $(VENV)/serve.stamp ## wheel and source archive into dist/
	$(BIN)/python -m hatchling build -t sdist -t wheel

lock: ## the lock files anew (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv, or make lock UV=path/to/uv"; exit 1; }
	$(UV) pip compile pyproject.toml $(COMPILE) -o requirements.lock
	$(UV) pip compile pyproject.toml --extra contract --extra postgres --group dev -c requirements.lock $(COMPILE) -o requirements-dev.lock
	$(UV) pip compile pyproject.toml --extra postgres -c requirements-dev.lock $(COMPILE) -o requirements-postgres.lock
	$(UV) pip compile pyproject.toml --extra contract --extra postgres -c requirements-dev.lock $(COMPILE) -o requirements-contract.lock
	$(UV) pip compile --group bench -c requirements-dev.lock $(COMPILE) -o requirements-bench.lock
	$(PYTHON) -c '$(BUILD_REQUIRES)' | $(UV) pip compile - -c requirements-dev.lock $(COMPILE) -o requirements-build.lock

COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-header
# hatchling asks for editables only when it makes an editable install, so no metadata names it.
BUILD_REQUIRES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], "editables~=0.3", sep="\n")

clean: ## removes what make made, the virtual environment too
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip isolates a build by fetching the newest hatchling, unpinned; so the backend comes from a lock of its own.
$(VENV)/serve.stamp: pyproject.toml requirements.lock requirements-build.lock | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --require-hashes -r requirements-build.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/serve.stamp
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/bench.stamp: requirements-bench.lock $(VENV)/dev.stamp
	$(PIP) install --require-hashes -r requirements-bench.lock
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo no command here)."; \
	  echo "Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
