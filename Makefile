# `make` sets everything up, `make help` lists the targets. Every target sets itself up first.

FOUNDRY_VERSION := 1.7.1
SOLC_VERSION := 0.8.37

# Parameters, e.g. make test-python PYTEST_ARGS="-k ordering" or make sim SEEDS=50
PYTHON ?= python3
PYTEST_ARGS ?=
APE_TEST_ARGS ?=
SEEDS ?= 2000
SEED ?= 0
SEQUENCES ?= 5000
ATTEMPTS ?= 10000
EPOCHS ?= 30
MINUTES ?= 60
SEED_BASE ?= 0
CASE ?=
ARGS ?=

ROOT := $(CURDIR)
export PATH := $(ROOT)/build/bin:$(ROOT)/.venv/bin:$(PATH)
# py-solc-x and ape find the compiler here instead of downloading one.
export SOLCX_BINARY_PATH := $(ROOT)/build/solcx
# ape keeps its caches with the checkout, not in the home folder.
export APE_DATA_FOLDER := $(ROOT)/build/ape
# keccak-256 in C, about six times as fast as the default.
export ETH_HASH_BACKEND := pysha3
# A caller's Python settings must not mix with ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME PYTEST_ADDOPTS

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := setup
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# --- setting up ----------------------------------------------------------------------------
# Stamps are written last, so an interrupted installation is done again.

READY := .venv/.linked build/.tools

.PHONY: setup
setup: $(READY) ## install everything (the default goal)
	@echo "ready: Python packages in .venv, contract tools in build/bin"

PIP := .venv/bin/python -m pip --quiet --disable-pip-version-check

# Programs in .venv name its path, so a checkout that was moved needs a new one. The packages
# that others are built with go in first and from a lock of their own (--no-build-isolation):
# otherwise pip would fetch an unpinned build backend for each package that has no wheel.
.venv/.installed: requirements-build.lock requirements.lock
	@tools/check_host.sh $(PYTHON)
	@if [ "$$(cat .venv/.root 2>/dev/null)" != "$(ROOT)" ] || ! $(PIP) --version >/dev/null 2>&1; then \
		echo "creating .venv ..."; \
		rm -rf .venv && $(PYTHON) -m venv .venv && echo "$(ROOT)" >.venv/.root; \
	fi
	@echo "installing Python packages (about a minute) ..."
	@$(PIP) install --require-hashes --no-deps -r requirements-build.lock
	@$(PIP) install --require-hashes --no-deps --no-build-isolation --use-pep517 -r requirements.lock
	@touch $@

# Our own package is only linked into .venv: an edit of its sources needs no new installation, but
# for the C helper. What is left of an older one must not outlive its source.
.venv/.linked: .venv/.installed node_modules/.installed pyproject.toml $(wildcard sequencer/native/*.[ch])
	@rm -f sequencer/native/*.so
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@ls sequencer/native/*.so >/dev/null 2>&1 || \
		echo "no C compiler or no headers of Python: going on without the C helper (docs/adr/0009)"
	@touch $@

node_modules/.installed: package-lock.json package.json .npmrc
	@tools/check_host.sh $(PYTHON)
	@echo "installing contract libraries and tools from npm (about 20 seconds) ..."
	@npm ci --ignore-scripts --no-progress --loglevel=error >/dev/null
	@touch $@

build/.tools: node_modules/.installed tools/link_tools.sh tools/solc.js Makefile
	@tools/link_tools.sh $(FOUNDRY_VERSION) $(SOLC_VERSION)
	@touch $@

# Analysers of contracts: only the targets that use them install them.
build/.analysis: requirements-analysis.lock
	@echo "installing analysers (about a minute) ..."
	@rm -rf build/analysis && $(PYTHON) -m venv build/analysis
	@build/analysis/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps \
		--only-binary :all: -r requirements-analysis.lock
	@touch $@

# What draws charts: only `make bench` installs it.
build/.charts: requirements-charts.lock
	@echo "installing matplotlib (about 20 seconds) ..."
	@rm -rf build/charts && $(PYTHON) -m venv build/charts
	@build/charts/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps \
		--only-binary :all: -r requirements-charts.lock
	@touch $@

ifneq ($(shell cat .venv/.root 2>/dev/null),$(ROOT))
$(shell rm -f .venv/.installed build/.analysis build/.charts)
endif

# --- contracts -----------------------------------------------------------------------------

# ape keeps copies of the libraries in contracts/.cache.
CONTRACTS := $(shell find contracts -name .cache -prune -o -name '*.sol' -print 2>/dev/null | sort)

.PHONY: build
build: $(READY) build/.contracts ## compile the contracts, refresh sequencer/l1/abi.json

build/.contracts: $(READY) $(CONTRACTS) build/.contract-list tools/compile_contracts.py sequencer/l1/abi.json
	@echo "compiling contracts ..."
	@rm -rf .build  # ape compiles a changed file anew, but not the files that import it
	@python tools/compile_contracts.py
	@touch $@

# Changes when a source file comes or goes, which no time stamp of a file would tell.
build/.contract-list: FORCE
	@mkdir -p $(@D)
	@echo "$(CONTRACTS)" | cmp -s - $@ || echo "$(CONTRACTS)" >$@

sequencer/l1/abi.json: ;

.PHONY: FORCE
FORCE:

# --- running -------------------------------------------------------------------------------

.PHONY: devnet
devnet: build ## run a local L1, committee and rollups until Ctrl-C
	@switchyard devnet $(ARGS)

.PHONY: demo
demo: build ## tell the whole story once on a local network
	@switchyard demo $(ARGS)

.PHONY: drill
drill: build ## outages of every kind on a local network (ARGS="--only kill-all --seed 1")
	@switchyard drill $(ARGS)

.PHONY: sim
sim: $(READY) ## simulate consensus under faults (SEEDS=2000 SEED_BASE=0, or CASE=file)
	@python -m sequencer.simulator --seeds $(SEEDS) --base $(SEED_BASE) $(if $(CASE),--case $(CASE)) $(ARGS)

# Not a test of `make test`: 20 minutes. ARGS="-k 'n4 and kill'" selects cases.
.PHONY: restarts
restarts: build ## fail nodes in every way and number, show that order resumes
	@python -m pytest --tb=short tests/restarts/matrix.py $(ARGS)

.PHONY: model
model: $(READY) ## explore every state of a small model of consensus (ARGS=--traces)
	@python -m tests.model.run $(ARGS)

.PHONY: sim-mutants
sim-mutants: $(READY) ## plant bugs and count the schedules until each is found
	@python -m tests.mutants.table $(ARGS)

.PHONY: hostile
hostile: build ## everybody against one user's forced message (SEQUENCES=5000 SEED=0, or CASE=line)
	@python -m tests.hostile.run --sequences $(SEQUENCES) --seed $(SEED) $(if $(CASE),--case '$(CASE)') $(ARGS)

.PHONY: reorgs
reorgs: $(READY) ## L1 goes back at any moment, for all who read it (SEQUENCES=1000 SEED=0)
	@python -m tests.reorgs.run --sequences $(if $(filter file,$(origin SEQUENCES)),1000,$(SEQUENCES)) --seed $(SEED) $(ARGS)

.PHONY: reorgs-mutants
reorgs-mutants: $(READY) ## plant bugs in all who read L1, count the sequences until each is found
	@python -m tests.reorgs.table $(ARGS)

.PHONY: hostile-mutants
hostile-mutants: build ## plant bugs in contracts and derivation, count the sequences until each is found
	@python -m tests.hostile.table $(ARGS)

.PHONY: honest
honest: build ## honest runs as evidence: no slasher may convict (ATTEMPTS=10000 SEED=0)
	@python -m tests.honest.run --attempts $(ATTEMPTS) --seed $(SEED) $(ARGS)

.PHONY: invariants
invariants: $(READY) ## forge fuzz and invariant suites of the economy, 10,000 runs each (some minutes)
	@FOUNDRY_PROFILE=invariants forge test $(ARGS)

.PHONY: invariants-mutants
invariants-mutants: $(READY) ## plant bugs in the economy's contracts, show which rule finds each
	@python -m tests.invariants.table $(ARGS)

.PHONY: symbolic
symbolic: $(READY) build/.analysis ## prove the arithmetic of shares, for numbers of any size
	@build/analysis/bin/python -m tests.symbolic.shares

.PHONY: slither
slither: $(READY) build/.analysis ## static analysis of the contracts, each finding fixed or answered
	@python -m tools.slither $(ARGS)

.PHONY: bench
bench: build build/.charts ## measure throughput, latency and cost, beside Anvil and CometBFT (half an hour)
	@python -m bench.throughput $(ARGS)

.PHONY: flood
flood: build ## memory of nodes beside a flooding peer (MINUTES=60 ARGS=...)
	@python bench/flood.py --minutes $(MINUTES) $(ARGS)

.PHONY: wan
wan: $(READY) ## simulate committees of 4 to 128 across the world (some minutes)
	@python bench/wan.py $(ARGS)

.PHONY: handover
handover: build ## measure what a change of epochs costs (ARGS="--load 2 --tree OTHER")
	@python bench/handover.py $(ARGS)

.PHONY: bench-kzg
bench-kzg: $(READY) ## measure what blobs cost a node
	@python bench/kzg.py $(ARGS)

.PHONY: bench-store
bench-store: $(READY) ## measure what it costs to remember where transactions were ordered
	@python bench/store.py $(ARGS)

.PHONY: bench-promises
bench-promises: build ## measure how long a signed promise takes (ARGS="--rate 20")
	@python bench/promise_latency.py $(ARGS)

.PHONY: bench-stages
bench-stages: build ## measure what each stage of a node does for a transaction
	@python -m bench.stages $(ARGS)

.PHONY: bench-catch-up
bench-catch-up: build ## measure how a node far behind catches up (ARGS="--blocks 100000")
	@python bench/catch_up.py $(ARGS)

.PHONY: rotation
rotation: build ## members come and go at random for many epochs (EPOCHS=30 SEED=0)
	@python -m sequencer.devnet.rotation --epochs $(EPOCHS) --seed $(SEED) $(ARGS)

# --- checking ------------------------------------------------------------------------------

# Whole networks, which mostly wait for their L1's clock: three at a time have room on two cores, but
# not beside tests that calculate. Of those, contracts and Python share the cores.
PROCESS_TESTS = tests/e2e tests/restarts

# Everything runs even when something fails, so that one run shows all of it.
.PHONY: test
test: build ## run all tests
	@status=0; \
	PYTHONUNBUFFERED=1 $(MAKE) --keep-going --jobs=2 --output-sync=line \
		test-contracts test-python || status=1; \
	$(MAKE) test-processes || status=1; \
	exit $$status

.PHONY: test-python
test-python: build ## only the Python tests without processes of their own (PYTEST_ARGS=...)
	@python -m pytest $(PROCESS_TESTS:%=--ignore=%) $(PYTEST_ARGS)

.PHONY: test-processes
test-processes: build ## only the tests of whole programs and networks (PYTEST_ARGS="-n0 -k story")
	@python -m pytest -n3 --dist=loadgroup $(PROCESS_TESTS) $(PYTEST_ARGS)

.PHONY: test-contracts
test-contracts: build ## only the contract tests (APE_TEST_ARGS=...)
	@ape test tests/contracts --network ethereum:local:foundry $(APE_TEST_ARGS)

NATIVE_TESTS = tests/unit/ingress/test_transactions.py tests/unit/ingress/test_hints.py \
	tests/unit/blocks/test_roots.py tests/unit/crypto/test_hashing.py
SANITIZER = address,undefined

# The sanitized helper stands in for the built one, which the next `make` builds anew.
.PHONY: native-sanitized
native-sanitized: $(READY) ## the C helper's tests under the address and undefined-behaviour sanitizers
	@trap 'rm -f sequencer/native/*.so .venv/.linked' EXIT; rm -f sequencer/native/*.so; \
	gcc -std=c11 -g -O1 -Wall -Wextra -Wno-unused-parameter -Werror -shared -fPIC \
		-fsanitize=$(SANITIZER) -fno-sanitize-recover=all \
		-I"$$(python -c 'import sysconfig; print(sysconfig.get_paths()["include"])')" \
		-Inode_modules/secp256k1/src/secp256k1 -Inode_modules/secp256k1/src/secp256k1/src \
		sequencer/native/bulk.c -o sequencer/native/_bulk.so; \
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc \
		python -m pytest $(NATIVE_TESTS) $(PYTEST_ARGS)

PYTHON_SOURCES = $(foreach d,sequencer scripts tools bench,$(if $(shell find $d -name "*.py" 2>/dev/null),$d))
# Harnesses exist to do to contracts what no shipped contract may.
SHIPPED = $(filter-out contracts/harness/%,$(CONTRACTS))

.PHONY: lint
lint: build ## check style, types and generated files
	@$(MAKE) --keep-going lint-python lint-types lint-contracts lint-abi

.PHONY: lint-python lint-types lint-contracts lint-abi
lint-python: $(READY)
	@echo "ruff ..."
	@ruff check . && ruff format --check .
lint-types: $(READY)
	@echo "mypy ..."
	@mypy $(PYTHON_SOURCES)
lint-contracts: $(READY)
	@echo "forge fmt ..."
	@forge fmt --check && FOUNDRY_PROFILE=invariants forge fmt --check
	@echo "solhint ..."
	@node_modules/.bin/solhint --disc --noPoster --max-warnings 0 $(SHIPPED)
	@echo "forge lint ..."
	@forge lint --deny warnings $(SHIPPED) >build/forge-lint.txt 2>&1 || { cat build/forge-lint.txt; exit 1; }
	@! grep -nwE '^[^/]*assembly' $(filter-out contracts/libraries/%,$(SHIPPED)) || \
		{ echo "error: assembly belongs in contracts/libraries, beside a plain twin"; exit 1; }
lint-abi: $(READY)
	@echo "abi ..."
	@python tools/compile_contracts.py --check

.PHONY: fmt
fmt: $(READY) ## format Python and Solidity
	@ruff check --fix-only --quiet . && ruff format --quiet .
	@forge fmt && FOUNDRY_PROFILE=invariants forge fmt

.PHONY: gas
gas: build ## measure gas, write snapshots/gas.json
	@python -m bench.gas $(ARGS)

.PHONY: gas-check
gas-check: build ## fail when gas differs from snapshots/gas.json
	@python -m bench.gas --check $(ARGS)

.PHONY: queue-cost
queue-cost: $(READY) ## print what it costs to fill the forced queue (ARGS="--target 32")
	@python bench/queue_cost.py $(ARGS)

# --- keeping -------------------------------------------------------------------------------

# The result must not depend on this machine: no configuration files, no extra places to look
# for packages. UPGRADE=--upgrade takes newer versions, otherwise what is locked stays.
UV_COMPILE := env -u PIP_FIND_LINKS -u UV_FIND_LINKS uv --no-config pip compile pyproject.toml \
	--quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

.PHONY: lock
lock: $(READY) ## write the lock files anew (UPGRADE=--upgrade for newer versions)
	@$(UV_COMPILE) $(UPGRADE) --group dev -o requirements.lock
	@$(subst pip compile pyproject.toml,pip compile,$(UV_COMPILE)) $(UPGRADE) --group analysis -o requirements-analysis.lock
	@$(subst pip compile pyproject.toml,pip compile,$(UV_COMPILE)) $(UPGRADE) --group charts -o requirements-charts.lock
	@$(subst pip compile pyproject.toml,pip compile,$(UV_COMPILE)) $(UPGRADE) --group build -o requirements-build.lock
	@npm install --package-lock-only --ignore-scripts --no-progress --loglevel=error >/dev/null
	@echo "locks written; make installs what changed"

.PHONY: clean
clean: ## delete what was built
	@rm -rf build .build contracts/.cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find $(PYTHON_SOURCES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## delete what was installed, too
	@rm -rf .venv node_modules
