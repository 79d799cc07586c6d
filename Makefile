# make run: everything from nothing to the open app. make test: everything that must hold.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: install install-user run test check docs bench chaos fuzz clean

install: $(VENV)/installed
run: install
	@$(BIN)/helo
# the command helo in an environment of its own, for everyday use
install-user:
	@if command -v pipx >/dev/null; then pipx install --force --pip-args='--constraint constraints.txt' . ; \
	elif command -v uv >/dev/null; then uv tool install --force -c constraints.txt . ; \
	else echo "install pipx first (apt install pipx, brew install pipx), or use $(BIN)/helo after make install" >&2; \
	exit 1; fi
check: $(VENV)/developing
	$(BIN)/ruff format --check engine tui corpora tests docs
	$(BIN)/ruff check engine tui corpora tests docs
	$(BIN)/mypy
	$(BIN)/lint-imports
test: $(VENV)/developing
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal
# N trainers killed at random moments, and every write made to fail: nothing must be lost
N ?= 200
chaos: $(VENV)/developing
	$(BIN)/python -m tests.chaos $(N)
# damaged files of every kind: each is read, or refused in a line
fuzz: $(VENV)/developing
	$(BIN)/python -m tests.fuzz
# the pages that are made from the program itself; python docs/screenshots.py and docs/moving.py make the pictures
docs: $(VENV)/developing
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/keys.py
bench: $(VENV)/developing
	$(BIN)/helo bench start
	$(BIN)/helo bench sample
	$(BIN)/helo bench train --hidden 128 --batch 50 --seq-length 50
	$(BIN)/helo bench train --dtype float32 --dtype bfloat16
	$(BIN)/python -m tests.bench.long_log
	$(BIN)/python -m tests.bench.typing
clean:
	rm -rf $(VENV) dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'helo needs Python 3.11 or newer')"
	$(PYTHON) -m venv $(VENV)
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/python -m compileall -q engine tui corpora
	@touch $@
$(VENV)/developing: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -q engine tui corpora
	@touch $@ $(VENV)/installed
