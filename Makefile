# `make` sets everything up, `make help` lists the targets. Every target sets itself up first.

FOUNDRY_VERSION := 1.7.1
SOLC_VERSION := 0.8.37

# Parameters of single targets
SEEDS ?= 2000
SEED_BASE ?= 0
PYTEST_ARGS ?=
APE_TEST_ARGS ?=
ARGS ?=

ROOT := $(CURDIR)
export PATH := $(ROOT)/build/bin:$(ROOT)/.venv/bin:$(PATH)
# py-solc-x and ape find the compiler here instead of downloading one.
export SOLCX_BINARY_PATH := $(ROOT)/build/solcx
# ape keeps its caches and accounts with the checkout, not in the home folder.
export APE_DATA_FOLDER := $(ROOT)/build/ape
# The C implementation of keccak-256: six times faster than the default one.
export ETH_HASH_BACKEND := pysha3
export PYTHONDONTWRITEBYTECODE :=
# A caller's virtual environment or Python path must not mix with ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME PYTEST_ADDOPTS

PYTHON ?= python3
SOURCES = $(wildcard sequencer scripts tools bench)
STAMPS := build/stamps
PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := setup
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- setting up ----------------------------------------------------------------------------

.PHONY: setup
setup: $(STAMPS)/python $(STAMPS)/tools ## install everything (the default)
	@echo "ready: Python packages in .venv, contract tools in build/bin"

.PHONY: check-host
check-host:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"error: Python 3.11 or newer is needed, this is {v[0]}.{v[1]} (choose another with make PYTHON=...)")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) lacks its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@command -v node >/dev/null || { echo "error: node not found; Node 20 or newer is needed" >&2; exit 1; }
	@node -e 'const v = process.versions.node; if (+v.split(".")[0] < 20) { console.error(`error: Node 20 or newer is needed, this is $${v}`); process.exit(1); }'
	@command -v npm >/dev/null || { echo "error: npm not found; it comes with Node 20 or newer" >&2; exit 1; }

# A stamp is written last, so an interrupted installation is done again from the start.
# The build requirements go first and the rest is built with them (--no-build-isolation):
# otherwise pip would fetch an unpinned build backend for each package that has no wheel.
$(STAMPS)/python-packages: requirements-build.lock requirements.lock | check-host
	@rm -f $@ && mkdir -p $(@D)
	@if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then \
		echo "creating .venv ..."; rm -rf .venv; $(PYTHON) -m venv .venv; fi
	@echo "installing Python packages (about a minute) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements-build.lock
	@$(PIP) install --require-hashes --no-deps --no-build-isolation --use-pep517 -r requirements.lock
	@touch $@

# Our own package is only linked into .venv: edits need no new installation.
$(STAMPS)/python: $(STAMPS)/python-packages pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/node: package-lock.json package.json .npmrc | check-host
	@rm -f $@ && mkdir -p $(@D)
	@echo "installing contract libraries and tools from npm (about 20 seconds) ..."
	@npm ci --ignore-scripts --no-progress --loglevel=error >/dev/null
	@touch $@

$(STAMPS)/tools: $(STAMPS)/node tools/link_tools.sh Makefile
	@rm -f $@ && mkdir -p $(@D)
	@tools/link_tools.sh $(FOUNDRY_VERSION) $(SOLC_VERSION)
	@touch $@
