# `make help` lists the commands.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Of an MLflow store, for `make track URI=...`; a variable of this name in the environment is not meant.
URI :=
# For `make settle`: the budget of repeats, the config of an experiment, and more for Snakemake.
MOST :=
CONFIG :=
ARGS :=

.DEFAULT_GOAL := help
.PHONY: help install run settle test test-slow lint format bench track lock clean

help:  ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: envs/requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ganaug: $(PYTHON) is older than Python 3.11: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --require-hashes -r envs/requirements.lock
	@# Importing torch from source costs seconds in every job, whatever PYTHONDONTWRITEBYTECODE says.
	$(BIN)/python -m compileall -q -j 0 $(VENV)/lib || true
	@touch $@

install: $(VENV)/.installed  ## make .venv from envs/requirements.lock

run: install  ## the default experiment: results/digits/report.html, the table of arms and the verdict
	snakemake
	@python workflow/scripts/print_verdict.py results/digits/summary.json

settle: install  ## add repeats until all is settled; MOST=30: at most 30 [CONFIG=config/experiments/x.yaml] [ARGS="--cores 8"]
	@python workflow/scripts/settle_study.py $(if $(CONFIG),--configfile "$$CONFIG") -- "$$MOST" $(ARGS)

test: install  ## the tests
	python -m pytest

test-slow: install  ## the slow tests too: ten kills in one run, and the like
	python -m pytest -m "slow or not slow"

lint: install  ## ruff, mypy, snakefmt and snakemake --lint
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile rules
	snakemake --lint

format: install  ## put the code into its standard form
	ruff check --fix .
	ruff format .
	snakefmt Snakefile rules

bench: install  ## every benchmark; results go to benchmarks/results/
	@set -e; for script in benchmarks/[a-z]*.py; do python $$script; done

track: install  ## send to MLflow what it does not have yet; URI=https://...: all, to that store
	@# What is given on make's command line is in the environment, where the shell takes any character as it is.
	python workflow/scripts/sync_tracking.py $(if $(URI),--uri "$$URI")

lock: install  ## make envs/requirements.lock from envs/requirements.in
	python -m pip install --quiet uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate envs/requirements.in -o envs/requirements.lock

clean:  ## remove results, the local MLflow store, downloads, resume files and Snakemake's memory (not .venv)
	rm -rf results .ganaug .snakemake mlflow.db mlruns
