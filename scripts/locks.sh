#!/bin/sh
# Writes the lock files anew from pyproject.toml: exact versions with their hashes, no address of
# any index. Needs `uv` on the PATH. Pins that still fit are kept; `make locks UPGRADE=1` renews them.
set -eu
cd "$(dirname "$0")/.."

command -v uv >/dev/null || { echo 'make locks needs uv on the PATH' >&2; exit 1; }

# Extras stay in the pins: pip 23 with a constraint file of its own (a site's, say) takes
# `coverage` and `coverage[toml]` for two requirements and refuses the one without hashes.
compile() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header ${UPGRADE:+--upgrade} "$@"
}

compile pyproject.toml requirements/build.in --output-file requirements/run.txt
compile pyproject.toml requirements/build.in --group test \
  --constraints requirements/run.txt --output-file requirements/test.txt
compile --group mutants --constraints requirements/test.txt --output-file requirements/mutants.txt
