# What one does with this checkout. Each target installs what it needs first.
# The work is in scripts/; this page is the list.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-training setup-bench build demo test crash-test soak bench bench-micro gpu-bundle audit clean

# Where rustup puts cargo, for a shell that was started before.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin
# Which build of ONNX Runtime: cpu, or cuda, which brings both.
export DEVICE ?= cpu
# A recording of your own for the demo.
VIDEO ?=
# How often the crash test kills the program.
KILLS ?= 100
# How long the soak lasts.
SECONDS ?= 7200

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target what; do \
		printf '  make %-16s %s\n' "$$target" "$$what"; done

setup: ## Install what is missing: GStreamer, ONNX Runtime
	@scripts/setup.sh

setup-training: ## And the Python environment of models/training (about 6 GB)
	@scripts/setup.sh training

setup-bench: ## And what the peers of the benchmark need, and readers of Parquet for the tests
	@scripts/setup.sh bench

build: setup ## target/release/sonoscope
	cargo build --release --locked --package sonoscope

demo: build ## Look and listen: a made-up clip, or VIDEO=path
	@scripts/demo.sh $(if $(VIDEO),"$(VIDEO)")

test: setup-bench ## Everything that has to hold before a change lands
	@scripts/test.sh

crash-test: setup ## Kill a job a hundred times (KILLS=n) and compare with an undisturbed one
	SONOSCOPE_KILLS=$(KILLS) cargo test --locked --package sonoscope --test end_to_end exactly_once -- --nocapture

soak: build setup-bench ## Cameras with faults at random for two hours (SECONDS=n), every second accounted for
	cargo build --release --locked --package sonoscope --example camera-server
	.runtime/bench-python/bin/python bench/cameras.py soak --program target/release/sonoscope \
		--server target/release/examples/camera-server --out bench/results --cameras 8 --seconds $(SECONDS)

bench: build setup-bench ## Against the peers, on this machine, into bench/results/
	@bench/run.sh

bench-micro: setup ## The operators alone, by criterion
	cargo bench --locked --package sonoscope-bench

gpu-bundle: ## out/gpu-bundle: infer-bench for a bare machine with a card, to run in one go
	@DEVICE=cuda scripts/setup.sh
	cargo build --release --locked --package sonoscope --package sonoscope-models --bin sonoscope --bin infer-bench
	@bench/gpu/bundle.sh

audit: setup ## Licences and origins of the dependencies
	@scripts/audit.sh

clean: ## Remove what was built here; the cache stays
	cargo clean
	rm -rf out .runtime
