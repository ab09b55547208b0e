# Everything a developer runs, from a clean checkout on. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

CARGO_DENY_VERSION := 0.20.2
CARGO_FUZZ_VERSION := 0.13.2
CARGO_NEXTEST_VERSION := 0.9.143

# What the tests use besides cargo, Node.js and Python, as command:Debian package.
DEBIAN_TOOLS := cc:build-essential chromium:chromium firefox-esr:firefox-esr strace:strace \
                curl:curl openssl:openssl nghttp:nghttp2-client h2load:nghttp2-client certutil:libnss3-tools
NODE_PACKAGES := e2e/node_modules/.package-lock.json
UI_PACKAGES := ui/node_modules/.package-lock.json
UI_SOURCES := $(shell find ui/src ui/public -type f 2>/dev/null) $(wildcard ui/index.html ui/*.json ui/*.ts)
UI_BUILT := ui/dist/index.html
PYTHON_REQUIREMENTS := e2e/requirements.txt e2e/requirements-schemathesis.txt
PYTHON_PACKAGES := e2e/.cache/python/installed
TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

.PHONY: help
help: ## list these targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 15

.PHONY: setup
setup: debian-packages cargo-tools $(NODE_PACKAGES) $(UI_PACKAGES) $(PYTHON_PACKAGES) ## install what the tests need and the machine lacks

.PHONY: build
build: $(UI_BUILT) ## build target/release/drawbridge, with the dashboard in it
	cargo build --release --locked -p drawbridge

.PHONY: demo
demo: build ## build and run the demo: gateway, upstream, and a page on another origin
	$(TARGET_DIR)/release/drawbridge demo

.PHONY: ui
ui: $(UI_BUILT) ## build the dashboard's pages into ui/dist, where cargo build finds them

.PHONY: openapi
openapi: ## write openapi.json anew, from the code
	DRAWBRIDGE_UPDATE_OPENAPI=1 cargo nextest run --locked -p drawbridge-admin the_committed_document_is_the_served_one

.PHONY: fmt
fmt: ## format the code
	cargo fmt

.PHONY: lint
lint: cargo-tools $(UI_PACKAGES) ## check formatting, lints, types, and what the dependencies may be
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo fetch --locked
	cargo deny --offline check bans licenses sources
	cd ui && npm run --silent check

.PHONY: test
test: setup lint ## run every check: lint, Rust tests, end-to-end tests
	cargo nextest run --workspace --locked
	cargo test --doc --workspace --locked
	$(MAKE) e2e

.PHONY: e2e
e2e: setup $(UI_BUILT) ## run the end-to-end tests: real browsers, SDKs and inference server
	cargo build --locked -p drawbridge
	cd e2e && DRAWBRIDGE_BINARY=$(TARGET_DIR)/debug/drawbridge npm test --silent

# libFuzzer works on the stable compiler without a sanitizer. What it finds stays below fuzz/target/; crashes go to
# fuzz/artifacts/. See fuzz/README.md.
TARGET ?= origin
SECONDS ?= 60
FUZZ_CORPUS := fuzz/target/corpus/$(TARGET)

.PHONY: fuzz
fuzz: ## fuzz one target: make fuzz TARGET=origin SECONDS=60
	@cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked --version $(CARGO_FUZZ_VERSION)
	@mkdir -p $(FUZZ_CORPUS)
	cargo fuzz run --sanitizer none $(TARGET) $(FUZZ_CORPUS) fuzz/corpus/$(TARGET) -- \
	    -dict=fuzz/dictionaries/$(TARGET).dict -max_total_time=$(SECONDS) -timeout=60 -rss_limit_mb=2048 -print_final_stats=1

.PHONY: debian-packages
debian-packages:
	@for tool in cargo node npm python3; do \
	    if ! command -v $$tool >/dev/null; then \
	        echo "$$tool is missing: Drawbridge needs cargo, Node.js 20 and Python 3" >&2; \
	        exit 1; \
	    fi; \
	done; \
	missing=""; \
	for tool in $(DEBIAN_TOOLS); do \
	    command -v $${tool%%:*} >/dev/null || missing+=" $${tool##*:}"; \
	done; \
	python3 -c 'import ensurepip' 2>/dev/null || missing+=" python3-venv"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then \
	    echo "Debian packages are missing. Run this once, then make again:" >&2; \
	    echo "  sudo apt-get update && sudo apt-get install --yes --no-install-recommends$$missing" >&2; \
	    exit 1; \
	fi; \
	echo "installing Debian packages:$$missing"; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get -qq update </dev/null; \
	apt-get -qq install --yes --no-install-recommends $$missing </dev/null >/dev/null

.PHONY: cargo-tools
cargo-tools:
	@cargo nextest --version >/dev/null 2>&1 || cargo install cargo-nextest --locked --version $(CARGO_NEXTEST_VERSION)
	@cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked --version $(CARGO_DENY_VERSION)

$(NODE_PACKAGES): e2e/package.json e2e/package-lock.json
	cd e2e && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(UI_PACKAGES): ui/package.json ui/package-lock.json
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Cargo sees by itself when the files change that it has embedded, but not when there are some for the first time.
$(UI_BUILT): $(UI_SOURCES) $(UI_PACKAGES)
	cd ui && npm run --silent build
	@touch $@ crates/drawbridge-admin/src/dashboard.rs

$(PYTHON_PACKAGES): $(PYTHON_REQUIREMENTS) | debian-packages
	python3 -m venv --clear e2e/.cache/python
	e2e/.cache/python/bin/pip install --quiet --disable-pip-version-check \
	    --require-hashes --only-binary :all: $(PYTHON_REQUIREMENTS:%=-r %)
	@touch $@
