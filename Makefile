# `make demo` and `make test` set everything up in .venv first, from requirements.lock.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check docs site bench lock clean

demo: .venv/ready
	$(BIN)/python examples/demo.py

test: check
	$(BIN)/pytest -n auto

check: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: .venv/ready
	$(BIN)/python docs/reference.py
	$(BIN)/python docs/tour.py
	$(BIN)/python docs/picture.py

site: .venv/ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/ready
	$(BIN)/python benchmarks/run.py

lock: .venv/ready
	$(BIN)/uv pip compile -q --universal --no-emit-index-url --no-emit-find-links --no-header \
		--upgrade --group dev --group docs pyproject.toml -o requirements.lock

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

clean:
	rm -rf .venv dist tests/node/node_modules
