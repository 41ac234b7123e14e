# Netloom. `make run` is all a new user types; `make help` lists the rest.

PYTHON ?= $(shell for name in python3.12 python3.11 python3 python; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null \
	&& echo $$name && break; done)
VENV_PYTHON := .venv/bin/python
WORKERS ?= 2
ON_POSTGRES := tests/api tests/ws tests/security tests/house --ignore tests/house/test_launcher.py --ignore tests/house/test_web_processes.py
.DEFAULT_GOAL := help

.PHONY: conformance fuzz help setup run dev test test-fast faults test-postgres check format schema tour bench python-found

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

python-found:
	@test -n "$(PYTHON)" || { echo "Netloom needs Python 3.11 or 3.12, and none is on PATH. Install one, or name it: make PYTHON=/path/to/python3.12 run" >&2; exit 1; }

setup: python-found ## Install everything the studio needs and build the pages
	@$(PYTHON) -m config.setup run

run: setup ## Start the studio and print a sign-in link
	@exec $(VENV_PYTHON) manage.py up

dev: python-found ## Start the studio with pages that reload while you edit them
	@$(PYTHON) -m config.setup dev
	@exec $(VENV_PYTHON) manage.py up --dev

test: python-found ## Run all tests: library, API, sockets, security, browser, pages
	@$(PYTHON) -m config.setup test
	@$(PYTHON) -m config.setup npm run --silent test
	@$(VENV_PYTHON) -m pytest -n $(WORKERS) --dist loadfile -m "not campaign"

test-fast: python-found ## Run the tests that take seconds
	@$(PYTHON) -m config.setup test
	@$(VENV_PYTHON) -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not e2e and not faults"

faults: python-found ## Kill processes on purpose and see what is left
	@$(PYTHON) -m config.setup test
	@$(VENV_PYTHON) -m pytest -n 0 -m faults

test-postgres: python-found ## Run API, sockets and security on PostgreSQL, and many machines as processes
	@$(PYTHON) -m config.setup test
	@$(PYTHON) -m config.setup postgres
	@$(VENV_PYTHON) -m tests.postgres -n $(WORKERS) --dist loadfile -m "not e2e and not campaign" $(ON_POSTGRES)
	@$(VENV_PYTHON) -m pytest -n 0 tests/topology -m topology

fuzz: python-found ## Send made-up requests to the API and changed files to the readers: make fuzz [EXAMPLES=100] [FIRST=0]
	@$(PYTHON) -m config.setup test
	@EXAMPLES=$(or $(EXAMPLES),100) $(VENV_PYTHON) -m pytest -n $(WORKERS) -rP --timeout=7200 tests/security/test_fuzz.py tests/netloom/formats/test_fuzz.py tests/netloom/formats/keras/test_fuzz.py tests/netloom/formats/onnx/test_onnx_fuzz.py tests/netloom/formats/caffe/test_caffe_fuzz.py tests/netloom/formats/pt2/test_pt2_fuzz.py tests/netloom/formats/torchscript/test_torchscript_fuzz.py

conformance: python-found ## Open every network of torchvision, write it as ONNX, compare; goes on where it was stopped: make conformance [JSON=1] [SMALL=1] [ONLY=name,name]
	@$(PYTHON) -m config.setup test
	@$(VENV_PYTHON) -m conformance $(if $(JSON),--json) $(if $(SMALL),--small) $(if $(ONLY),--only "$(ONLY)")

check: python-found ## Check style, types, walls, migrations, schemas and deployment settings
	@$(PYTHON) -m config.setup test
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV_PYTHON) -m config.check

format: ## Bring the Python code into shape
	@.venv/bin/ruff check --fix-only --quiet .
	@.venv/bin/ruff format .

schema: ## Write the generated schemas and the frontend's types
	@$(VENV_PYTHON) manage.py export_schema --write
	@$(VENV_PYTHON) manage.py settings --markdown > docs/settings.md
	@$(PYTHON) -m config.setup npm run --silent api

tour: python-found ## Drive the ten-minute tour in a browser: make tour DATA=FOLDER
	@test -n "$(DATA)" || { echo "Name a folder of class folders: make tour DATA=/path/to/images" >&2; exit 2; }
	@$(PYTHON) -m config.setup test
	@exec $(VENV_PYTHON) -m tour "$(DATA)"

bench: python-found ## Measure speed against peers: make bench [JSON=1] [ONLY=key,key]
	@$(PYTHON) -m config.setup test
	@$(VENV_PYTHON) -m bench.peers
	@$(VENV_PYTHON) -m bench $(if $(JSON),--json) $(if $(ONLY),--only "$(ONLY)")
