#!/bin/sh
# Breaks the rules of authorization in every small way that mutmut knows and counts what the tests
# notice. Prints one JSON line and the names of the survivors; fails below 95 %. Takes minutes.
set -eu
cd "$(dirname "$0")/.."

.venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
  --root-user-action=ignore --require-hashes --requirement requirements/mutants.txt
rm -rf mutants
.venv/bin/mutmut run >mutants.log 2>&1 || { tail -n 20 mutants.log >&2; exit 1; }
rm mutants.log
.venv/bin/mutmut export-cicd-stats >/dev/null
.venv/bin/mutmut results
.venv/bin/python - <<'PYTHON'
import json
import sys
from pathlib import Path

seen = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text())
caught = seen["killed"] + seen["timeout"]
share = round(caught / seen["total"], 4)
print(json.dumps({"name": "mutants", "total": seen["total"], "caught": caught, "share": share}))
sys.exit(share < 0.95)
PYTHON
