# The commands of the project. `make run` and `make test` do all their own set-up.
.DEFAULT_GOAL := help
.PHONY: help run demo test sure lint rules types tests format catalogue bench proof mutants locks environment \
	test-environment test-programs all-programs

BIN := .venv/bin
# One more than two cores: while a test waits for a program or a browser, another one works.
WORKERS ?= 3
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
# What somebody's other programs need is not what .venv holds.
unexport PYTHONPATH PYTHONHOME
# Each of the many programs that the tests start would compile all of ours anew.
unexport PYTHONDONTWRITEBYTECODE
# A wrong line here lets a call through: every branch of it is run by a test.
RULES := webui/approvals/*,webui/audit/*,webui/preview/*,webui/signatures/*
TYPED := $(wildcard app.py webui client tests benchmarks scripts)

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: environment ## install what is missing and serve the desk
	@$(BIN)/countersign init --if-needed
	@exec $(BIN)/countersign serve

demo: environment ## the same with a history and an agent that keeps asking
	@exec $(BIN)/countersign demo

test: test-programs rules ## install what is missing and run every check and test
	@$(MAKE) --no-print-directory --jobs=2 types tests

sure: all-programs lint ## what to run before you push: the same, pages on both databases, with coverage, the rules' branches all covered
	@$(PYTEST) -m 'not proof' --cov --cov-report= $(PYTEST_ARGS)
	@$(BIN)/coverage report --fail-under=100 --include='$(RULES)'

lint: rules types ## format, rules, types, templates, directions of imports

rules: test-environment
	@$(BIN)/ruff format --check --quiet . || { echo 'Mend it with: make format'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/djlint --lint templates
	@$(BIN)/lint-imports --no-logo

types: test-environment
	@$(BIN)/mypy $(TYPED)

tests: test-environment
	@$(PYTEST) -m 'not proof and not sure' $(PYTEST_ARGS)

format: test-environment ## put the layout of the code right
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix-only .

catalogue: test-environment ## bring the translations in step with the texts of the source
	@$(BIN)/python -m scripts.catalogue

bench: test-programs ## measure; one JSON line for each figure
	@$(BIN)/python -m benchmarks

proof: all-programs ## the slow rigs: kills, races and restarts in their large sizes, the real Claude Code, the other browsers
	@$(BIN)/python scripts/test_programs.py --engines
	@$(BIN)/python scripts/claude_program.py
	@$(BIN)/python -m pytest -m proof -rs $(PYTEST_ARGS)

mutants: test-environment ## break the rules of authorization in small ways; the tests must notice
	@./scripts/mutants.sh

locks: ## write the lock files anew (needs uv)
	@./scripts/locks.sh

environment:
	@./scripts/environment.sh run

test-environment:
	@./scripts/environment.sh test

test-programs: test-environment
	@$(BIN)/python scripts/test_programs.py

# The real OpenCode too: some hundred MB that `make test` does without.
all-programs: test-environment
	@$(BIN)/python scripts/test_programs.py --opencode
